using System.Globalization;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>The members of an evidence bundle, in their order, but for the sums at its end.</summary>
internal static class EvidenceFiles
{
    public const string Receipts = "receipts/", ReceiptEnding = ".tlog-proof";

    private const string ReadmeEnglish = "README.en.txt", ReadmeChinese = "README.zh.txt", Script = "verify.sh";

    /// <summary>What every bundle has beside its entries.</summary>
    public static readonly IReadOnlyList<string> Always = [ReadmeEnglish, ReadmeChinese, "facts.en.txt", "facts.zh.txt", "checkpoint", "policy", Script];

    /// <summary>Written for people and their tools; another version may say it in other words.</summary>
    public static bool IsInstruction(string name) => name is ReadmeEnglish or ReadmeChinese or Script;

    public static string Opening(long number) => string.Create(CultureInfo.InvariantCulture, $"openings/{number}.bin");

    /// <exception cref="LedgerException">An entry is not of the form, or out of order.</exception>
    public static List<StoredZip.Member> Make(EvidenceContents contents, IReadOnlyList<EvidenceSignature> signatures)
    {
        var members = new List<StoredZip.Member>();
        Add(ReadmeEnglish, Fill(Resource(ReadmeEnglish), contents, signatures));
        Add(ReadmeChinese, Fill(Resource(ReadmeChinese), contents, signatures));
        Add("facts.en.txt", contents.FactsEnglish);
        Add("facts.zh.txt", contents.FactsChinese);
        Add("checkpoint", contents.Checkpoint.ToString());
        members.Add(new("policy", contents.Policy));
        foreach (var one in signatures)
            Add($"keys/{one.File}.pem", one.Pem);
        foreach (var one in signatures)
        {
            members.Add(new($"signatures/{one.File}.message", one.Message));
            members.Add(new($"signatures/{one.File}.sig", one.Signature));
        }

        var last = -1L;
        foreach (var one in contents.Entries)
        {
            if (one.Index <= last)
                throw new LedgerException(string.Create(CultureInfo.InvariantCulture, $"Entry {one.Index} comes after entry {last}: entries are in ascending order, each once."));
            last = one.Index;
            var proof = new LogProof(contents.Hash, one.Leaf, one.Index, one.Proof, contents.Checkpoint);
            members.Add(new(string.Create(CultureInfo.InvariantCulture, $"leaves/{one.Index + 1}.json"), one.Leaf));
            if (one.Opening is { } opening)
                members.Add(new(Opening(one.Index + 1), opening));
            members.Add(new(string.Create(CultureInfo.InvariantCulture, $"{Receipts}{one.Index + 1}{ReceiptEnding}"), proof.ToBytes()));
        }

        Add(Script, Resource(Script));
        return members;

        void Add(string name, string text) => members.Add(new(name, Encoding.UTF8.GetBytes(text)));
    }

    private static string Fill(string text, EvidenceContents contents, IReadOnlyList<EvidenceSignature> signatures)
    {
        var head = Checkpoint.Parse(contents.Checkpoint.Text);
        var number = contents.Entries.Count == 0 ? 0 : contents.Entries[0].Index + 1;
        return text
            .Replace("{ORIGIN}", head.Origin, StringComparison.Ordinal)
            .Replace("{SIZE}", head.Size.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{FACTS}", contents.Entries.Count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{N}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{HASH}", contents.Hash == HashFunctions.Sm3 ? "SM3" : "SHA-256", StringComparison.Ordinal)
            .Replace("{DIGEST}", contents.Hash == HashFunctions.Sm3 ? "sm3" : "sha256", StringComparison.Ordinal)
            .Replace("{COMMANDS}", string.Join("\n", signatures.Select(one => "    " + one.Command)), StringComparison.Ordinal);
    }

    private static string Resource(string name)
    {
        using var stream = typeof(EvidenceFiles).Assembly.GetManifestResourceStream("evidence/" + name) ?? throw new InvalidOperationException($"{name} is not built in.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
