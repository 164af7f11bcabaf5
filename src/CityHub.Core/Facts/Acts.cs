namespace CityHub.Core.Facts;

/// <summary>
/// The streams of acts: what was done with data or with the hub itself, by whom, for what, to whom. An act is a fact like another, written before its
/// effect; what it says about persons is sealed under their keys, and their tags (<c>subjects</c>) stand in its payload and in its leaf.
/// </summary>
public static class Acts
{
    public const string Stream = "acts";

    public static bool IsActs(string stream) => stream.StartsWith(Stream, StringComparison.Ordinal) && (stream.Length == Stream.Length || stream[Stream.Length] == '@');
}
