using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Access;

/// <summary>Can what the grant says be done at all? Asked when it is made, so that no release finds out later.</summary>
public static class GrantCheck
{
    public static Problem? Executable(Grant grant, Dataset dataset, IPurposes purposes) => null;
}
