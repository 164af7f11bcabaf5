using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Ledger;

namespace CityHub.Server.Witnessing;

/// <summary>What checking one file has shown, in words for people and as JSON for programs.</summary>
internal sealed class VerifyReport
{
    private readonly string file;
    private readonly WitnessPolicy policy;
    private readonly PolicyVerdict verdict;
    private readonly Receipt? receipt;

    /// <summary>Null: nobody asked.</summary>
    private readonly bool? opened;

    private VerifyReport(string file, WitnessPolicy policy, Receipt? receipt, PolicyVerdict verdict, string? why, bool? opened)
    {
        (this.file, this.policy, this.receipt, this.verdict, Why, this.opened) = (file, policy, receipt, verdict, why, opened);
    }

    public bool Accepted => Why is null;

    public string? Why { get; }

    /// <param name="opening">Salt and payload that the entry should stand for.</param>
    public static VerifyReport OfReceipt(string file, byte[] bytes, byte[]? entry, byte[]? opening, WitnessPolicy policy)
    {
        var nothing = new PolicyVerdict(false, null, null, null, []);
        if (!Receipt.TryRead(bytes, entry, out var receipt, out var why))
            return new VerifyReport(file, policy, null, nothing, why, null);
        var verdict = receipt.Verify(policy);
        why = verdict.Why;
        bool? opened = null;
        if (verdict.Accepted && opening is not null)
        {
            opened = receipt.Leaf is null ? Refuse(receipt.NoLeaf, out why) : receipt.Leaf.Opens(opening, out why);
        }

        return new VerifyReport(file, policy, receipt, verdict, why, opened);

        static bool Refuse(string? reason, out string? why)
        {
            why = $"The content cannot be compared: {reason}";
            return false;
        }
    }

    public void Write(TextWriter to)
    {
        to.WriteLine($"{file}: {(Accepted ? "PROVEN" : "NOT PROVEN")}");
        if (Why is not null)
            to.WriteLine($"  {Shown(Why)}");
        if (receipt is null || verdict.Checkpoint is not { } head || verdict.Log is not { } log)
            return;
        if (!Accepted)
        {
            Witnesses(to);
            return;
        }

        if (receipt.Leaf is { } leaf)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  Fact {leaf.Position} of the log {Shown(log.Name)}: {Shown(leaf.Type)}"));
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  at {Shown(leaf.At)}, in the stream {Shown(leaf.Stream)} (number {leaf.Version} there)"));
            if (leaf.Subjects.Count > 0)
                to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  about {leaf.Subjects.Count} {(leaf.Subjects.Count == 1 ? "person" : "persons")}, who {(leaf.Subjects.Count == 1 ? "is" : "are")} not named"));
        }
        else
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  Entry {receipt.Proof.Index} of the log {Shown(log.Name)}, {receipt.Entry.Length} bytes"));
        }

        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  In the log at place {receipt.Proof.Index + 1} of {head.Size}; root {Convert.ToBase64String(head.Root)} ({log.Hash}), signed by the log"));
        Witnesses(to);
        to.WriteLine("  This proves: this entry stood at this place in the log when the witnesses signed, and whoever changes or removes it can no longer show a log that fits what they signed.");
        if (opened == true)
            to.WriteLine("  And: the content that you gave is, byte for byte, what the entry stands for.");
        to.WriteLine("  This does not prove: that what was recorded is true, or that it happened at the time that the entry gives (that is the writer's word; the witnesses say only: not later than theirs), or that nothing was left out.");
        if (opened is null && receipt.Leaf is not null)
            to.WriteLine("  Nor what is in the fact: the entry holds a commitment to it. With --fact and --salt that is checked, too.");
        if (verdict.Cosignatures.Count == 0)
            to.WriteLine("  NO WITNESS vouches for it: only the log itself does. Whoever has the log's key could show another log to others.");
    }

    private void Witnesses(TextWriter to)
    {
        if (policy.Witnesses.Count == 0)
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
            json.WriteString("kind", "receipt");
            json.WriteBoolean("proven", Accepted);
            if (Why is not null)
                json.WriteString("why", Why);
            if (verdict.Checkpoint is { } head && verdict.Log is { } log)
            {
                json.WriteString("log", log.Name);
                json.WriteString("hash", log.Hash.Name);
                json.WriteNumber("size", head.Size);
                json.WriteString("root", Convert.ToBase64String(head.Root));
            }

            if (Accepted && receipt is not null)
            {
                json.WriteNumber("index", receipt.Proof.Index);
                if (receipt.Leaf is not null)
                {
                    json.WritePropertyName("entry");
                    json.WriteRawValue(receipt.Entry);
                }
            }

            if (opened is { } told)
                json.WriteBoolean("opened", told);
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
