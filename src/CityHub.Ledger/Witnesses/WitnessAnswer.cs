using System.Globalization;

namespace CityHub.Ledger;

/// <summary>What a witness answers, with the status codes of c2sp.org/tlog-witness.</summary>
public sealed record WitnessAnswer(int Status, string ContentType, string Body)
{
    public const string SizeType = "text/x.tlog.size";
    private const string Text = "text/plain; charset=utf-8";

    public bool Cosigned => Status == 200;

    internal static WitnessAnswer Of(IEnumerable<NoteSignature> cosignatures) => new(200, Text, string.Concat(cosignatures.Select(one => one.Line + "\n")));

    /// <summary>Not a request, or one that contradicts itself.</summary>
    internal static WitnessAnswer Malformed(string why) => new(400, Text, why + "\n");

    internal static WitnessAnswer NotSigned(string why) => new(403, Text, why + "\n");

    internal static WitnessAnswer UnknownLog(string why) => new(404, Text, why + "\n");

    /// <summary>The proof begins at another size than the one that the witness knows, which it says.</summary>
    internal static WitnessAnswer OtherSize(long known) => new(409, SizeType, string.Create(CultureInfo.InvariantCulture, $"{known}\n"));

    internal static WitnessAnswer NotConsistent(string why) => new(422, Text, why + "\n");

    /// <summary>The witness cannot sign for this log now; not a status of the specification, which leaves failures to HTTP.</summary>
    internal static WitnessAnswer Unable(string why) => new(503, Text, why + "\n");
}
