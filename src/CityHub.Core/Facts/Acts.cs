namespace CityHub.Core.Facts;

/// <summary>
/// The stream of acts, of all tenants: what was done with data or with the hub itself, by whom, for what, to whom. An act is a fact like another, written before its
/// effect; what it says about persons is sealed under their keys, and their tags (<c>subjects</c>) stand in its payload and in its leaf.
/// </summary>
public static class Acts
{
    public const string Stream = "acts";

    public static bool IsActs(string stream) => stream == Stream;
}
