using System.Collections.Immutable;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>One way in which a dataset could be had.</summary>
public sealed record SimulatedAccess(Rights Right, DeliveryModes Mode, string Grant, Obligations Obligations);

/// <summary>What would be answered for one dataset.</summary>
/// <param name="Refused">Where no way is open: why not.</param>
public sealed record SimulatedDataset(Dataset Dataset, ImmutableArray<SimulatedAccess> Open, Refuse? Refused);

/// <summary>What could a department see for a purpose? The very same decisions, asked for every dataset that it may know of; nothing is released, nothing recorded.</summary>
public static class Simulation
{
    private static readonly (Rights Right, DeliveryModes Mode)[] Ways =
    [
        (Rights.Collect, DeliveryModes.None),
        (Rights.Obtain, DeliveryModes.Api), (Rights.Obtain, DeliveryModes.Batch), (Rights.Obtain, DeliveryModes.File), (Rights.Obtain, DeliveryModes.Subscription),
        (Rights.Use, DeliveryModes.Api), (Rights.Use, DeliveryModes.Verify), (Rights.Use, DeliveryModes.Enclave), (Rights.Use, DeliveryModes.Joint),
    ];

    /// <param name="after">Identifier of a dataset: goes on behind it.</param>
    public static IEnumerable<SimulatedDataset> For(string department, string purpose, IGrants grants, ICatalogue catalogue, IPurposes purposes, DateTimeOffset now, string? after = null)
    {
        var caller = new Caller("", department, Roles.DataOfficer);
        foreach (var dataset in catalogue.Published.Where(d => after is null || string.CompareOrdinal(d.Id, after) > 0).OrderBy(d => d.Id, StringComparer.Ordinal))
        {
            if (!Decider.MayDiscover(caller, dataset, grants))
                continue;
            var open = ImmutableArray.CreateBuilder<SimulatedAccess>();
            Refuse? refused = null;
            foreach (var (right, mode) in Ways)
            {
                if (mode != DeliveryModes.None && (dataset.Modes & mode) == 0)
                    continue;
                switch (Decider.Decide(new Ask(caller, right, dataset.Id, purpose, mode), grants, catalogue, purposes, now))
                {
                    case Permit permit: open.Add(new(right, mode, permit.Grant.Id, permit.Obligations)); break;
                    case Refuse refuse when refused is null || right != Rights.Collect: refused = refuse; break;
                }
            }

            yield return new(dataset, open.ToImmutable(), open.Count == 0 ? refused : null);
        }
    }
}
