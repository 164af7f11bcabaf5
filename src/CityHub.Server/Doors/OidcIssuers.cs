using System.Buffers.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CityHub.Server.Doors;

/// <summary>
/// Tokens of OpenID Connect providers. A provider's metadata and keys are fetched when its first token comes, never at start: a hub whose provider is away
/// starts and serves everybody else.
/// </summary>
internal sealed class OidcIssuers : IDisposable
{
    /// <summary>Asymmetric ones only: a token "signed" with none or with a shared secret is none.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly Dictionary<string, Provider> _providers = new(StringComparer.Ordinal);
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly string _audience;
    private readonly TimeProvider _time;

    public OidcIssuers(AuthConfig config, HttpClient client, TimeProvider time)
    {
        (_audience, _time) = (config.Audience, time);
        foreach (var issuer in config.Issuers)
        {
            var documents = new HttpDocumentRetriever(client) { RequireHttps = new Uri(issuer.Url).Scheme == "https" };
            _providers[issuer.Url] = new Provider(issuer, documents, time);
        }
    }

    public async ValueTask<Result<Bearer>> VerifyAsync(string token, CancellationToken cancel)
    {
        JsonWebToken unverified;
        try
        {
            unverified = new JsonWebToken(token);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return ServerProblems.TokenRefused.Because("It is no JWT.");
        }

        // The issuer is not verified yet: it only chooses whose keys verify the whole, issuer included.
        if (Find(unverified.Issuer) is not { } provider)
        {
            return ServerProblems.TokenRefused.Because(
                _providers.Count == 0 ? "It was not issued by this hub, and no other issuer is configured." : "Its issuer is not among those of this hub.",
                "auth.issuers lists whose tokens open the hub.");
        }

        if (await provider.MetadataAsync(unverified.Kid, cancel) is not { } metadata)
            return ServerProblems.IssuerUnreachable.Because($"The metadata of {provider.Config.Url} cannot be had.", "Tokens issued by the hub itself go on working.");
        var result = await ValidateAsync(token, metadata);
        return result.IsValid ? BearerOf((JsonWebToken)result.SecurityToken, provider.Config) : ServerProblems.TokenRefused.Because(WhatIsWrong(result.Exception));
    }

    public void Dispose()
    {
        foreach (var provider in _providers.Values)
            provider.Dispose();
    }

    private Task<TokenValidationResult> ValidateAsync(string token, OpenIdConnectConfiguration metadata) =>
        _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = metadata.Issuer,
            ValidAudience = _audience,
            IssuerSigningKeys = metadata.SigningKeys,
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (from, to, _, parameters) => Lives(from, to, parameters.ClockSkew),
            ClockSkew = TimeSpan.FromSeconds(30),
        });

    private bool Lives(DateTime? from, DateTime? to, TimeSpan skew)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return to is { } end && end + skew > now && (from is not { } begin || begin - skew <= now);
    }

    private Provider? Find(string? issuer) =>
        issuer is null ? null
        : _providers.TryGetValue(issuer, out var provider) || _providers.TryGetValue(issuer.TrimEnd('/'), out provider) || _providers.TryGetValue(issuer + "/", out provider) ? provider
        : null;

    private static Bearer BearerOf(JsonWebToken token, IssuerConfig config) => new()
    {
        Subject = token.Subject is { Length: > 0 } subject ? subject : "unknown",
        Issuer = token.Issuer,
        Department = config.Department,
        Permissions = PermissionSet.Of(Words(token, config.Scopes)),
        Tenants = Words(token, config.Tenants),
        ExpiresAt = new DateTimeOffset(token.ValidTo, TimeSpan.Zero).UtcTicks,
        IssuedAt = token.IssuedAt == DateTime.MinValue ? 0 : new DateTimeOffset(token.IssuedAt, TimeSpan.Zero).UtcTicks,
        IdHash = config.Department is not null && token.Id is { Length: > 0 } id ? HubTokens.HashOf(id) : null,
    };

    /// <summary>A claim as words: an array, or one text with blanks between. Read from the payload itself: the library gives a text that was asked for as JSON as nothing.</summary>
    private static string[] Words(JsonWebToken token, string claim)
    {
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload));
        if (!payload.RootElement.TryGetProperty(claim, out var value))
            return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => (value.GetString() ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.Array => [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString() ?? "")],
            _ => [],
        };
    }

    /// <summary>The library's texts name what they hide; ours name the reason.</summary>
    private static string WhatIsWrong(Exception? exception) => exception switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => "It is not valid at this time.",
        SecurityTokenInvalidAudienceException => "It is for somebody else: its aud does not name this hub.",
        SecurityTokenInvalidIssuerException => "Its iss is not the issuer's own.",
        SecurityTokenSignatureKeyNotFoundException => "Its issuer has no such key.",
        SecurityTokenInvalidAlgorithmException => "Its algorithm is not allowed.",
        _ => "Its signature does not fit its content.",
    };

    /// <summary>A provider with its metadata and keys: fetched when they are first needed, renewed twice a day, and when a token names a key that is not among them.</summary>
    private sealed class Provider(IssuerConfig config, IDocumentRetriever documents, TimeProvider time) : IDisposable
    {
        private static readonly TimeSpan Fresh = TimeSpan.FromHours(12);

        /// <summary>Forged tokens with names of keys that nobody has make the hub ask at most so often.</summary>
        private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

        private readonly SemaphoreSlim _gate = new(1);
        private OpenIdConnectConfiguration? _known;
        private DateTimeOffset _asked = DateTimeOffset.MinValue;

        public IssuerConfig Config { get; } = config;

        /// <summary>Null: the provider does not answer and never has. One that answered before is believed until it answers again.</summary>
        public async ValueTask<OpenIdConnectConfiguration?> MetadataAsync(string? key, CancellationToken cancel)
        {
            if (IsGood(key))
                return _known;
            await _gate.WaitAsync(cancel);
            try
            {
                if (IsGood(key) || (_known is not null && time.GetUtcNow() - _asked < Pause))
                    return _known;
                _asked = time.GetUtcNow();
                return _known = await OpenIdConnectConfigurationRetriever.GetAsync(Config.Url.TrimEnd('/') + "/.well-known/openid-configuration", documents, cancel);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or ArgumentException or JsonException)
            {
                return _known;
            }
            finally
            {
                _gate.Release();
            }
        }

        public void Dispose() => _gate.Dispose();

        private bool IsGood(string? key) =>
            _known is { } known && time.GetUtcNow() - _asked < Fresh && (string.IsNullOrEmpty(key) || known.SigningKeys.Any(k => k.KeyId == key));
    }
}
