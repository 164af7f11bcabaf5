using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.Http;

namespace CityHub.Server.Doors;

/// <summary>What a token of the hub says (RFC 9068 without what the hub has no use for).</summary>
/// <param name="Id">The <c>jti</c>: 128 random bits. The log knows only its hash.</param>
internal sealed record TokenClaims(string Id, string Subject, IReadOnlyList<string> Permissions, IReadOnlyList<string> Tenants, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

/// <summary>
/// Tokens for machines and devices: compact JWT (RFC 7519), ES256, signed by the hub's own key. One algorithm, one key, no header parameter is believed:
/// what is not exactly that is refused.
/// </summary>
internal sealed class HubTokens(HubKey key, string audience)
{
    public const string Issuer = "cityhub";
    private const int SignatureBytes = 64;

    /// <summary>Clocks of machines differ by this much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly byte[] _header = Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("alg", "ES256");
        json.WriteString("typ", "at+jwt");
        json.WriteString("kid", key.Id);
        json.WriteEndObject();
    });

    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>What the log and the revocation list know a token by.</summary>
    public static string HashOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 16));

    public string Sign(TokenClaims claims)
    {
        var payload = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("iss", Issuer);
            json.WriteString("aud", audience);
            json.WriteString("sub", claims.Subject);
            json.WriteString("jti", claims.Id);
            json.WriteNumber("iat", claims.IssuedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp", claims.ExpiresAt.ToUnixTimeSeconds());
            json.WriteString("scope", string.Join(' ', claims.Permissions));
            if (claims.Tenants.Count > 0)
            {
                json.WriteStartArray("tenant");
                foreach (var tenant in claims.Tenants)
                    json.WriteStringValue(tenant);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
        var signed = $"{Base64Url.EncodeToString(_header)}.{Base64Url.EncodeToString(payload)}";
        byte[] signature;
        lock (key)
            signature = key.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Whether a token says that it is one of ours: nothing is verified yet, this only chooses the verifier.</summary>
    public bool Claims(string token) => token.StartsWith(_headerText ??= Base64Url.EncodeToString(_header) + ".", StringComparison.Ordinal);

    private string? _headerText;

    public Result<Bearer> Verify(string token, DateTimeOffset now)
    {
        var last = token.LastIndexOf('.');
        if (!Claims(token) || last < 0)
            return Refused("It was not signed by this hub's key.");
        var signature = new byte[SignatureBytes];
        if (!Decode(token.AsSpan(last + 1), signature, out var written) || written != SignatureBytes)
            return Refused("Its signature is not one.");
        var signed = Encoding.ASCII.GetBytes(token, 0, last);
        bool good;
        lock (key)
            good = key.Key.VerifyData(signed, signature, HashAlgorithmName.SHA256);
        if (!good)
            return Refused("Its signature does not fit its content.");
        var first = token.IndexOf('.', StringComparison.Ordinal);
        var payload = new byte[last - first];
        if (first >= last || !Decode(token.AsSpan(first + 1, last - first - 1), payload, out written))
            return Refused("Its content is not base64url.");
        return Read(payload.AsSpan(0, written), now);
    }

    private Result<Bearer> Read(ReadOnlySpan<byte> payload, DateTimeOffset now)
    {
        string? subject = null, id = null, issuer = null, aud = null, scope = null;
        long expires = 0, issued = long.MaxValue;
        var tenants = new List<string>();
        try
        {
            var json = new Utf8JsonReader(payload);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString();
                json.Read();
                switch (name)
                {
                    case "iss": issuer = json.GetString(); break;
                    case "aud": aud = json.GetString(); break;
                    case "sub": subject = json.GetString(); break;
                    case "jti": id = json.GetString(); break;
                    case "scope": scope = json.GetString(); break;
                    case "exp": expires = json.GetInt64(); break;
                    case "iat": issued = json.GetInt64(); break;
                    case "tenant":
                        while (json.Read() && json.TokenType == JsonTokenType.String)
                            tenants.Add(json.GetString() ?? "");
                        break;
                    default: json.Skip(); break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return Refused("Its content is not what this hub writes.");
        }

        if (issuer != Issuer || subject is null || id is null || scope is null)
            return Refused("Its content is not what this hub writes.");
        if (aud != audience)
            return Refused($"It is for {aud}; this hub is {audience}.", "auth.audience names the hub.");
        if (issued > (now + Skew).ToUnixTimeSeconds())
            return Refused("It was issued in the future.", "Compare the clocks.");
        if (expires <= now.ToUnixTimeSeconds())
            return Refused($"It expired at {DateTimeOffset.FromUnixTimeSeconds(expires):yyyy-MM-ddTHH:mm:ssZ}.", "Issue another: cityhub token.");
        return new Bearer
        {
            Subject = subject,
            Issuer = issuer,
            Permissions = PermissionSet.Of(scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
            Tenants = tenants,
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(expires).UtcTicks,
            IdHash = HashOf(id),
        };
    }

    private static bool Decode(ReadOnlySpan<char> text, Span<byte> to, out int written) =>
        Base64Url.DecodeFromChars(text, to, out _, out written) == OperationStatus.Done;

    private static Problem Refused(string detail, string? hint = null) => ServerProblems.TokenRefused.Because(detail, hint);
}
