using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Server.Http;

namespace CityHub.Server.Doors;

/// <summary>
/// Tokens that a department signs for its own people: compact JWT (RFC 7519), EdDSA (RFC 8037), under the key whose public half the department enrolled. The hub has no
/// part in them, so that whoever runs it cannot make himself an officer. They open sharing, and nothing of the hub's own.
/// </summary>
/// <param name="keyOf">Public key of a department, base64; null: it is not enrolled.</param>
internal sealed class DepartmentTokens(Func<string, string?> keyOf, string audience)
{
    /// <summary>A year and a day: people move.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(367);

    /// <summary>What a department may allow.</summary>
    public static readonly IReadOnlyList<string> Allowable =
    [
        Permissions.SharingRead, Permissions.SharingWrite, Permissions.DataUse, Permissions.DataDeliver, Permissions.AuditRead, Permissions.Citizen, Permissions.LedgerRead,
    ];

    private const string Scheme = "department:";
    private static readonly byte[] Header = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"iss\":\"department\"}"u8.ToArray();
    private static readonly string HeaderText = Base64Url.EncodeToString(Header) + ".";

    /// <summary>Whether a token says that it is one of these: nothing is verified yet, this only chooses the verifier.</summary>
    public static bool Claims(string token) => token.StartsWith(HeaderText, StringComparison.Ordinal);

    public static string IssuerOf(string department) => Scheme + department;

    /// <summary>The department that signed; null for tokens of others.</summary>
    public static string? DepartmentOf(string? issuer) => issuer?.StartsWith(Scheme, StringComparison.Ordinal) == true ? issuer[Scheme.Length..] : null;

    /// <summary>What <c>cityhub token --department</c> does, with the department's key and without a hub.</summary>
    public static string Sign(ISigningKey key, string department, string audience, TokenClaims claims)
    {
        var payload = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("iss", IssuerOf(department));
            json.WriteString("aud", audience);
            json.WriteString("sub", claims.Subject);
            json.WriteString("jti", claims.Id);
            json.WriteNumber("iat", claims.IssuedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp", claims.ExpiresAt.ToUnixTimeSeconds());
            json.WriteString("scope", string.Join(' ', claims.Permissions));
            json.WriteEndObject();
        });
        var signed = HeaderText + Base64Url.EncodeToString(payload);
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public Result<Bearer> Verify(string token, DateTimeOffset now)
    {
        var (first, last) = (HeaderText.Length, token.LastIndexOf('.'));
        if (last < first || !Decode(token.AsSpan(first, last - first), out var payload) || !Decode(token.AsSpan(last + 1), out var signature))
            return Refused("It is no compact JWT.");
        string? issuer, audienceOf, subject, id, scope;
        long expires, issued;
        try
        {
            using var json = JsonDocument.Parse(payload);
            var root = json.RootElement;
            (issuer, audienceOf, subject, id, scope) = (Text(root, "iss"), Text(root, "aud"), Text(root, "sub"), Text(root, "jti"), Text(root, "scope"));
            (expires, issued) = (root.GetProperty("exp").GetInt64(), root.GetProperty("iat").GetInt64());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Refused("Its content is not what a department writes.");
        }

        // Whose key verifies is read from what is not verified yet: the signature then covers it.
        if (DepartmentOf(issuer) is not { } department || subject is not { Length: > 0 } || id is not { Length: > 0 } || scope is null)
            return Refused("Its content is not what a department writes.");
        if (keyOf(department) is not { } encoded || !TryKey(encoded, out var key))
            return Refused("The department that it names has enrolled no key.", "The authority enrols it: PUT /departments/{id}.");
        if (!key.Verify(Encoding.ASCII.GetBytes(token, 0, last), signature))
            return Refused("Its signature does not fit its content.");
        if (audienceOf != audience)
            return Refused($"It is for {audienceOf}; this hub is {audience}.", "auth.audience names the hub.");
        if (issued > now.AddSeconds(30).ToUnixTimeSeconds())
            return Refused("It was issued in the future.", "Compare the clocks.");
        if (expires <= now.ToUnixTimeSeconds())
            return Refused("It has expired.", "Ask your department for another: cityhub token --department.");
        if (expires - issued > (long)LongestLife.TotalSeconds)
            return Refused($"It lives longer than {LongestLife.TotalDays:0} days.");
        return new Bearer
        {
            Subject = subject,
            Issuer = issuer,
            SignedUnder = encoded,
            Permissions = PermissionSet.Of(scope.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(Allowable.Contains)),
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(expires).UtcTicks,
            IssuedAt = DateTimeOffset.FromUnixTimeSeconds(issued).UtcTicks,
            IdHash = HubTokens.HashOf(id),
        };
    }

    /// <summary>False once the department has another key, or none.</summary>
    public bool StillSigns(Bearer bearer) => bearer.SignedUnder is null || (DepartmentOf(bearer.Issuer) is { } department && keyOf(department) == bearer.SignedUnder);

    /// <summary>Base64 of the 32 bytes of an Ed25519 key.</summary>
    private static bool TryKey(string encoded, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IVerificationKey? key)
    {
        key = null;
        Span<byte> bytes = stackalloc byte[64];
        return Convert.TryFromBase64String(encoded, bytes, out var length) && VerificationKeys.TryParse(SignatureAlgorithm.Ed25519, bytes[..length], out key, out _);
    }

    private static string? Text(JsonElement root, string member) => root.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Decode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text))
            return false;
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }

    private static Problem Refused(string detail, string? hint = null) => ServerProblems.TokenRefused.Because(detail, hint);
}
