using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>The refusals of payload mappings.</summary>
public static class MappingProblems
{
    /// <summary>The declaration itself is wrong: whoever wrote the mapping has to change it.</summary>
    public static readonly ProblemKind NotAMapping = new("not-a-mapping", "The mapping cannot be used as it is declared", 400);

    /// <summary>The payload does not fit its mapping: whoever sent it, or whoever wrote the mapping.</summary>
    public static readonly ProblemKind PayloadUnreadable = new("payload-unreadable", "The payload does not fit its mapping", 400);

    public static readonly ProblemKind MappingUnknown = new("mapping-unknown", "There is no mapping of that name", 404);

    public static readonly ProblemKind MappingInUse = new("mapping-in-use", "Devices still use the mapping", 409);
}
