using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Core.Facts;

/// <summary>What somebody says that he read, before he puts it into force.</summary>
/// <param name="Hash">SHA-256 of it in lower-case hexadecimal, as the proposal shows it.</param>
public readonly record struct AsRead(int Version, string Hash);

/// <summary>
/// The next version of something that one person proposes and another puts into force. Whoever had a hand in it stays one of its authors until it is in force, so that
/// proposing it anew makes nobody the second person.
/// </summary>
/// <param name="Authors">None of them puts it into force.</param>
/// <param name="By">Who proposed what stands now.</param>
public sealed record Proposal<T>(T What, int Version, string Hash, string By, DateTimeOffset At, ImmutableSortedSet<string> Authors)
{
    /// <summary>By hash: the members of what was proposed for this version, so that a change can be named.</summary>
    internal ImmutableDictionary<string, ImmutableSortedDictionary<string, string>> Texts { get; init; } = ImmutableDictionary<string, ImmutableSortedDictionary<string, string>>.Empty;

    /// <summary>Null: this person may put it into force as he read it.</summary>
    /// <param name="name">What it is called in the refusal.</param>
    public Problem? Refused(string name, string person, AsRead read)
    {
        if (Authors.Contains(person))
            return ProposalProblems.FourEyes.Because($"Version {Version} of {name} was proposed by {string.Join(", ", Authors)}.",
                "Let another person of the authority put it into force: proposing it anew changes nothing.", "GB/T 39477: four eyes");
        if (read.Version == Version && read.Hash == Hash)
            return null;
        var what = read.Version != Version ? $"You read version {read.Version}, and version {Version} waits"
            : Texts.TryGetValue(read.Hash, out var then) ? $"Since you read it {By} changed {string.Join(", ", Differences(then, Texts[Hash]))}"
            : $"Nothing with the hash {(read.Hash.Length > 64 ? read.Hash[..64] : read.Hash)} was proposed";
        return ProposalProblems.Changed.Because($"{name} is not what you read. {what}.", $"Read it again: version {Version}, hash {Hash}.", "GB/T 39477: four eyes on one text");
    }

    private static IEnumerable<string> Differences(ImmutableSortedDictionary<string, string> then, ImmutableSortedDictionary<string, string> now) =>
        then.Keys.Union(now.Keys, StringComparer.Ordinal).Where(k => then.GetValueOrDefault(k) != now.GetValueOrDefault(k)).Order(StringComparer.Ordinal).Take(20);
}

/// <summary>Makes proposals, and the hashes by which they are known.</summary>
public static class Proposal
{
    /// <param name="json">The whole of it, in the one way in which it is written.</param>
    /// <param name="before">What waited until now; null: nothing.</param>
    public static Proposal<T> Of<T>(T what, int version, ReadOnlyMemory<byte> json, string by, DateTimeOffset at, Proposal<T>? before)
    {
        var (hash, members) = (Hashed(json.Span), ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal));
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
        Members(document.RootElement, "", members);
        var kept = before?.Version == version ? before : null;
        return new Proposal<T>(what, version, hash, by, at, (kept?.Authors ?? ImmutableSortedSet.Create<string>(StringComparer.Ordinal)).Add(by))
        {
            Texts = (kept?.Texts ?? ImmutableDictionary<string, ImmutableSortedDictionary<string, string>>.Empty).SetItem(hash, members.ToImmutable()),
        };
    }

    // Objects by their members, lists as a whole.
    private static void Members(JsonElement element, string path, ImmutableSortedDictionary<string, string>.Builder into)
    {
        if (element.ValueKind != JsonValueKind.Object)
            into[path] = Hashed(JsonMarshal.GetRawUtf8Value(element));
        else
            foreach (var member in element.EnumerateObject())
                Members(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", into);
    }

    private static string Hashed(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>The refusals of whatever takes two people.</summary>
public static class ProposalProblems
{
    public static readonly ProblemKind FourEyes = new("four-eyes", "A second person has to approve this", 403);
    public static readonly ProblemKind Changed = new("proposal-changed", "It is not what you read", 409);
}
