using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Evidence that stands alone: entries of a log with their proofs, what they stand for where it may be seen, the witnessed checkpoint, and a script that
/// checks it all with openssl. The same bytes for the same contents. What is read is only what would be written.
/// </summary>
public sealed class EvidenceBundle
{
    public const int MaxBytes = 64 << 20;
    public const int MaxEntries = 10_000;

    private const string Sums = "SHA256SUMS";

    private EvidenceBundle(SignedNote checkpoint, WitnessPolicy policy, IReadOnlyList<EvidenceFact> facts, string english, string chinese) =>
        (Checkpoint, Policy, Facts, FactsEnglish, FactsChinese) = (checkpoint, policy, facts, english, chinese);

    public SignedNote Checkpoint { get; }

    /// <summary>The one that lies in the bundle. Whoever made the bundle chose it.</summary>
    public WitnessPolicy Policy { get; }

    public IReadOnlyList<EvidenceFact> Facts { get; }

    /// <summary>Words of whoever made the bundle; nothing vouches for them.</summary>
    public string FactsEnglish { get; }

    public string FactsChinese { get; }

    public static bool LooksLikeOne(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK"u8);

    /// <exception cref="LedgerException">The contents would not be accepted by their own policy, or are too many; the message says why.</exception>
    public static void Write(Stream to, EvidenceContents contents)
    {
        if (!WitnessPolicy.TryParse(contents.Policy.Span, out var policy, out var why))
            throw new LedgerException(why);
        var verdict = policy.Evaluate(contents.Checkpoint);
        if (!verdict.Accepted)
            throw new LedgerException($"This checkpoint is no evidence: {verdict.Why}");
        var members = EvidenceFiles.Make(contents, EvidenceSignature.All(contents.Checkpoint, policy, verdict));
        members.Add(new StoredZip.Member(Sums, SumsOf(members)));
        if (contents.Entries.Count > MaxEntries || members.Sum(one => 200L + one.Bytes.Length) > MaxBytes)
            throw new LedgerException($"An evidence bundle has at most {MaxEntries} entries and {MaxBytes >> 20} MiB; make several.");

        // Nobody should learn in court that a proof was wrong from the beginning.
        if (!TryRead(members, out var bundle, out why) || (why = bundle.Verify(policy).Why) is not null)
            throw new LedgerException($"These entries would not be evidence: {why}");
        StoredZip.Write(to, members);
    }

    /// <summary>
    /// Everything that can be checked without trusting anybody: the form of the file, its sums, that each entry, receipt, opening and signature file belongs
    /// to the others. What is trusted is asked by <see cref="Verify"/>.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> zip, [NotNullWhen(true)] out EvidenceBundle? bundle, [NotNullWhen(false)] out string? why)
    {
        bundle = null;
        if (zip.Length > MaxBytes)
        {
            why = $"An evidence bundle has at most {MaxBytes >> 20} MiB.";
            return false;
        }

        return StoredZip.TryRead(zip, out var members, out why) && TryRead(members, out bundle, out why);
    }

    /// <summary>Each entry is where its receipt says, in a log that the policy knows, under a checkpoint that its quorum has signed.</summary>
    public PolicyVerdict Verify(WitnessPolicy policy)
    {
        var verdict = policy.Evaluate(Checkpoint);
        foreach (var fact in Facts)
        {
            if (!verdict.Accepted)
                break;
            var one = fact.Receipt.Verify(policy);
            if (!one.Accepted)
                verdict = verdict with { Accepted = false, Why = string.Create(CultureInfo.InvariantCulture, $"Fact {fact.Number}: {one.Why}") };
        }

        return verdict;
    }

    private static bool TryRead(IReadOnlyList<StoredZip.Member> members, [NotNullWhen(true)] out EvidenceBundle? bundle, [NotNullWhen(false)] out string? why)
    {
        bundle = null;
        var files = members.ToDictionary(one => one.Name, one => one.Bytes, StringComparer.Ordinal);
        foreach (var needed in EvidenceFiles.Always.Append(Sums))
        {
            if (!files.ContainsKey(needed))
            {
                why = $"{needed} is missing in this bundle.";
                return false;
            }
        }

        if (members[^1].Name != Sums || !members[^1].Bytes.Span.SequenceEqual(SumsOf(members.SkipLast(1))))
        {
            why = $"A member of this bundle is not as {Sums} lists it: the file was damaged or changed.";
            return false;
        }

        if (!SignedNote.TryParse(files["checkpoint"].Span, out var note, out why) || !WitnessPolicy.TryParse(files["policy"].Span, out var policy, out why))
            return false;
        if (!TryFacts(files, note, out var facts, out var contents, out why))
            return false;

        // The files for openssl say what the checkpoint says, no more and no less.
        var verdict = policy.Evaluate(note);
        if (!verdict.Accepted)
        {
            why = $"The bundle's own policy: {verdict.Why}";
            return false;
        }

        var again = EvidenceFiles.Make(
            contents with { Policy = files["policy"], FactsEnglish = Text(files["facts.en.txt"]), FactsChinese = Text(files["facts.zh.txt"]) },
            EvidenceSignature.All(note, policy, verdict));
        if (again.Count != members.Count - 1)
        {
            why = "This bundle has members that do not belong to it, or lacks some.";
            return false;
        }

        for (var i = 0; i < again.Count; i++)
        {
            // Instructions may be of another version than ours.
            var same = again[i].Name == members[i].Name && (EvidenceFiles.IsInstruction(again[i].Name) || again[i].Bytes.Span.SequenceEqual(members[i].Bytes.Span));
            if (!same)
            {
                why = $"{members[i].Name} does not say what the checkpoint, the policy and the receipts of this bundle say.";
                return false;
            }
        }

        bundle = new EvidenceBundle(note, policy, facts, Text(files["facts.en.txt"]), Text(files["facts.zh.txt"]));
        why = null;
        return true;
    }

    private static bool TryFacts(
        Dictionary<string, ReadOnlyMemory<byte>> files, SignedNote note, [NotNullWhen(true)] out List<EvidenceFact>? facts, [NotNullWhen(true)] out EvidenceContents? contents, [NotNullWhen(false)] out string? why)
    {
        (facts, contents) = (null, null);
        var found = new List<EvidenceFact>();
        foreach (var name in files.Keys.Where(one => one.StartsWith(EvidenceFiles.Receipts, StringComparison.Ordinal)))
        {
            var end = name.Length - EvidenceFiles.ReceiptEnding.Length;
            if (!name.EndsWith(EvidenceFiles.ReceiptEnding, StringComparison.Ordinal) || !NoteText.TryNumber(name.AsSpan()[EvidenceFiles.Receipts.Length..end], out var number))
            {
                why = $"{name} is not named as a receipt is.";
                return false;
            }

            if (!Receipt.TryRead(files[name].Span, null, out var receipt, out why))
            {
                why = $"{name}: {why}";
                return false;
            }

            if (receipt.Leaf is not { } leaf)
            {
                why = $"{name}: {receipt.NoLeaf}";
                return false;
            }

            if (receipt.Proof.Index + 1 != number || leaf.Position != number || !string.Equals(receipt.Proof.Checkpoint.ToString(), note.ToString(), StringComparison.Ordinal))
            {
                why = $"{name} is of another entry or of another checkpoint than this bundle says.";
                return false;
            }

            var opening = files.TryGetValue(EvidenceFiles.Opening(number), out var bytes) ? bytes.ToArray() : null;
            if (opening is not null && !leaf.Opens(opening, out why))
            {
                why = $"{EvidenceFiles.Opening(number)}: {why}";
                return false;
            }

            found.Add(new EvidenceFact(number, receipt, leaf, opening));
        }

        if (found.Count is 0 or > MaxEntries)
        {
            why = $"An evidence bundle has from one to {MaxEntries} receipts.";
            return false;
        }

        facts = found;
        contents = new EvidenceContents
        {
            Hash = found[0].Receipt.Proof.Hash,
            Checkpoint = note,
            Policy = default,
            Entries = [.. found.Select(one => new EvidenceEntry(one.Number - 1, one.Receipt.Entry, one.Receipt.Proof.Hashes, one.Opening))],
            FactsEnglish = "",
            FactsChinese = "",
        };
        why = null;
        return true;
    }

    private static byte[] SumsOf(IEnumerable<StoredZip.Member> members)
    {
        var text = new StringBuilder();
        foreach (var (name, bytes) in members)
            text.Append(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(SHA256.HashData(bytes.Span))}  {name}\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
