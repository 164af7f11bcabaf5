using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Tsp;
using Org.BouncyCastle.X509;

namespace CityHub.Crypto;

/// <summary>
/// A trusted time (RFC 3161): an authority signs that something with this SHA-256 existed at this time. What is stored is the whole answer, which
/// <c>openssl ts -verify -in FILE -data DATA -CAfile CA</c> checks against the authority's root; which authority to believe is the reader's choice.
/// </summary>
public sealed class TimeStamp
{
    public const string RequestType = "application/timestamp-query", ResponseType = "application/timestamp-reply";

    /// <summary>Answers are a few kilobytes: a token and its certificates.</summary>
    public const int LargestResponse = 256 << 10;

    private TimeStamp(byte[] response, DateTimeOffset at, string authority) => (Response, At, Authority) = (response, at, authority);

    /// <summary>The TimeStampResp, DER.</summary>
    public byte[] Response { get; }

    public DateTimeOffset At { get; }

    /// <summary>The subject of the certificate that signed.</summary>
    public string Authority { get; }

    /// <summary>A TimeStampReq, DER: asks for the authority's certificate, too.</summary>
    /// <param name="nonce">Random; the answer has to carry it, so that an old one cannot be replayed.</param>
    public static byte[] Request(ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> nonce) => Make(sha256, nonce).GetEncoded();

    /// <summary>Whether the answer grants the request, is about this hash and nonce, and is signed by the certificate in it, which is one for time stamps.</summary>
    public static bool TryRead(byte[] response, ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> nonce, [NotNullWhen(true)] out TimeStamp? stamp, [NotNullWhen(false)] out string? why)
    {
        stamp = null;
        if (response.Length > LargestResponse)
        {
            why = "The answer is too long for a time stamp.";
            return false;
        }

        try
        {
            var answer = new TimeStampResponse(response);
            answer.Validate(Make(sha256, nonce));
            if (answer.TimeStampToken is not { } token)
            {
                why = $"The authority has refused: {answer.GetStatusString() ?? "without a reason"}.";
                return false;
            }

            foreach (var certificate in token.GetCertificates().EnumerateMatches(token.SignerID))
            {
                token.Validate(certificate);
                stamp = new TimeStamp(response, new DateTimeOffset(DateTime.SpecifyKind(token.TimeStampInfo.GenTime, DateTimeKind.Utc)), certificate.SubjectDN.ToString());
                why = null;
                return true;
            }

            why = "The answer carries no certificate of whoever signed it.";
        }
#pragma warning disable CA1031 // The library throws what it likes for bytes that are not what they should be.
        catch (Exception e)
#pragma warning restore CA1031
        {
            why = $"The answer is not a time stamp for this: {e.Message}";
        }

        return false;
    }

    private static TimeStampRequest Make(ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> nonce)
    {
        var generator = new TimeStampRequestGenerator();
        generator.SetCertReq(true);
        return generator.Generate(TspAlgorithms.Sha256, sha256.ToArray(), new BigInteger(1, nonce.ToArray()));
    }
}
