using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>May he? One pure function of what is asked, granted, catalogued and listed, and of the time. Deny is the default; one whole grant must permit.</summary>
public static class Decider
{
    public static Decision Decide(Ask ask, IGrants grants, ICatalogue catalogue, IPurposes purposes, DateTimeOffset now) =>
        new Refuse(SharingProblems.DatasetUnknown.Code, "decree 809, art. 20", "", "");

    /// <summary>May he know that it exists? Who may not is answered as if it did not.</summary>
    public static bool MayDiscover(Caller caller, Dataset dataset, IGrants grants) => false;
}
