using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Ledger;

namespace CityHub.Server.Witnessing;

/// <summary>What checking one file has shown, in words for people and as JSON for programs.</summary>
internal sealed class VerifyReport
{
    private static readonly PolicyVerdict Nothing = new(false, null, null, null, []);

    private readonly string file;
    private readonly WitnessPolicy? policy;
    private readonly PolicyVerdict verdict;
    private readonly IReadOnlyList<Checked> facts;
    private readonly bool bundle;

    private VerifyReport(string file, WitnessPolicy? policy, PolicyVerdict verdict, string? why, IReadOnlyList<Checked> facts, bool bundle = false, bool itsOwnWord = false)
    {
        (this.file, this.policy, this.verdict, Why, this.facts, this.bundle, ItsOwnWord) = (file, policy, verdict, why, facts, bundle, itsOwnWord);
    }

    public bool Accepted => Why is null;

    public string? Why { get; }

    /// <summary>A bundle was checked by the policy that lies in it: it fits together, and that is all.</summary>
    public bool ItsOwnWord { get; }

    /// <param name="Opened">Whether the content is what the entry stands for; null: it was not there.</param>
    private sealed record Checked(Receipt Receipt, bool? Opened);

    /// <param name="opening">Salt and payload that the entry should stand for.</param>
    public static VerifyReport OfReceipt(string file, byte[] bytes, byte[]? entry, byte[]? opening, WitnessPolicy policy)
    {
        if (!Receipt.TryRead(bytes, entry, out var receipt, out var why))
            return new VerifyReport(file, policy, Nothing, why, []);
        var verdict = receipt.Verify(policy);
        why = verdict.Why;
        bool? opened = null;
        if (verdict.Accepted && opening is not null)
        {
            opened = receipt.Leaf is null ? Refuse(receipt.NoLeaf, out why) : receipt.Leaf.Opens(opening, out why);
        }

        return new VerifyReport(file, policy, verdict, why, [new Checked(receipt, opened)]);

        static bool Refuse(string? reason, out string? why)
        {
            why = $"The content cannot be compared: {reason}";
            return false;
        }
    }

    /// <param name="policy">Null: the one in the bundle.</param>
    public static VerifyReport OfBundle(string file, byte[] bytes, WitnessPolicy? policy)
    {
        if (!EvidenceBundle.TryRead(bytes, out var bundle, out var why))
            return new VerifyReport(file, policy, Nothing, why, [], bundle: true, itsOwnWord: policy is null);
        var verdict = bundle.Verify(policy ?? bundle.Policy);
        return new VerifyReport(
            file, policy ?? bundle.Policy, verdict, verdict.Why, [.. bundle.Facts.Select(one => new Checked(one.Receipt, one.Opening is null ? null : true))], bundle: true, itsOwnWord: policy is null);
    }

    public void Write(TextWriter to)
    {
        to.WriteLine($"{file}: {(!Accepted ? "NOT PROVEN" : ItsOwnWord ? "FITS TOGETHER, by the policy that lies in it" : "PROVEN")}");
        if (Why is not null)
            to.WriteLine($"  {Shown(Why)}");
        if (verdict.Checkpoint is not { } head || verdict.Log is not { } log)
            return;
        if (!Accepted)
        {
            Witnesses(to);
            return;
        }

        foreach (var (receipt, opened) in facts)
            Fact(to, log, receipt, opened);
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  The log has {head.Size} entries and has signed their root {Convert.ToBase64String(head.Root)} ({log.Hash})"));
        Witnesses(to);
        var (entry, stood) = facts.Count == 1 ? ("this entry", "this place") : ("these entries", "these places");
        to.WriteLine($"  This proves: {entry} stood at {stood} in the log when the witnesses signed, and whoever changes or removes what stands there can no longer show a log that fits what they signed.");
        to.WriteLine("  This does not prove: that what was recorded is true, or that it happened at the time that the entry gives (that is the writer's word; the witnesses say only: not later than theirs), or that nothing was left out.");
        if (!bundle && facts is [{ Opened: null, Receipt.Leaf: not null }])
            to.WriteLine("  Nor what is in the fact: the entry holds a commitment to it. With --fact and --salt that is checked, too.");
        if (bundle)
            to.WriteLine("  Nor the words in facts.en.txt and facts.zh.txt: a translation by whoever made the bundle.");
        if (verdict.Cosignatures.Count == 0)
            to.WriteLine("  NO WITNESS vouches for it: only the log itself does. Whoever has the log's key could show another log to others.");
        if (ItsOwnWord)
            to.WriteLine("  Whoever made the bundle chose the policy in it. Check again with one that you got from the witnesses: --policy FILE");
    }

    private static void Fact(TextWriter to, VerifierKey log, Receipt receipt, bool? opened)
    {
        if (receipt.Leaf is not { } leaf)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  Entry {receipt.Proof.Index} of the log {Shown(log.Name)}, {receipt.Entry.Length} bytes"));
            return;
        }

        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  Fact {leaf.Position} of the log {Shown(log.Name)}: {Shown(leaf.Type)}, at {Shown(leaf.At)}"));
        var people = leaf.Subjects.Count switch { 0 => "", 1 => "; about a person, who is not named", var n => string.Create(CultureInfo.InvariantCulture, $"; about {n} persons, who are not named") };
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    number {leaf.Version} in the stream {Shown(leaf.Stream)}{people}{(opened == true ? "; its content is here and is, byte for byte, what the entry stands for" : "")}"));
    }

    private void Witnesses(TextWriter to)
    {
        if (policy is null || policy.Witnesses.Count == 0)
            return;
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  Witnesses: {verdict.Cosignatures.Count} of the {policy.Witnesses.Count} that the policy knows (it asks for {Shown(policy.Quorum)})"));
        foreach (var witness in policy.Witnesses)
        {
            var when = verdict.Cosignatures.FirstOrDefault(one => one.Witness == witness.Name) is { } signed ? $"saw it at {Time(signed.Time)}" : "has not signed";
            to.WriteLine($"    {Shown(witness.Name)} ({Shown(witness.Key.Name)}): {when}");
        }
    }

    public string Json()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteString("kind", bundle ? "bundle" : "receipt");
            json.WriteBoolean("proven", Accepted && !ItsOwnWord);
            if (ItsOwnWord)
                json.WriteBoolean("fitsTogether", Accepted);
            if (Why is not null)
                json.WriteString("why", Why);
            if (verdict.Checkpoint is { } head && verdict.Log is { } log)
            {
                json.WriteString("log", log.Name);
                json.WriteString("hash", log.Hash.Name);
                json.WriteNumber("size", head.Size);
                json.WriteString("root", Convert.ToBase64String(head.Root));
            }

            json.WriteStartArray("facts");
            foreach (var (receipt, opened) in Accepted ? facts : [])
            {
                json.WriteStartObject();
                json.WriteNumber("index", receipt.Proof.Index);
                if (receipt.Leaf is not null)
                {
                    json.WritePropertyName("entry");
                    json.WriteRawValue(receipt.Entry);
                }

                if (opened is { } told)
                    json.WriteBoolean("opened", told);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (policy is not null)
                json.WriteString("quorum", policy.Quorum);
            json.WriteStartArray("witnesses");
            foreach (var one in verdict.Cosignatures)
            {
                json.WriteStartObject();
                json.WriteString("name", one.Witness);
                json.WriteString("at", Time(one.Time));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A witness may sign any number; beyond the calendar it is shown as it is.</summary>
    private static string Time(long seconds) =>
        seconds <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : seconds.ToString(CultureInfo.InvariantCulture) + " s";

    /// <summary>What others wrote may not move the cursor, hide letters or turn the line around.</summary>
    private static string Shown(string text) => string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '\uFFFD' : c));
}
