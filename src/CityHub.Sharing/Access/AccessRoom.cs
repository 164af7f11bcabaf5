using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary>The part of sharing that decides: purposes, decisions with their reasons, what somebody could see.</summary>
public sealed class AccessRoom(PurposeBook purposes, IGrants grants, ICatalogue catalogue, TimeProvider clock)
{
    public PurposeBook Purposes => purposes;

    public IGrants Grants => grants;

    public ICatalogue Catalogue => catalogue;

    public TimeProvider Clock => clock;

    public Decision Decide(Ask ask) => Decider.Decide(ask, grants, catalogue, purposes.Tree, clock.GetUtcNow());

    public static void Map(IEndpointRouteBuilder routes, AccessRoom room)
    {
        ListPurposes.Map(routes, room);
        ProposePurpose.Map(routes, room);
        SettlePurpose.Map(routes, room);
        ExplainDecision.Map(routes, room);
        SimulateAccess.Map(routes, room);
    }
}
