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
internal sealed class OidcIssuers
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
            var metadata = new ConfigurationManager<OpenIdConnectConfiguration>(
                issuer.Url.TrimEnd('/') + "/.well-known/openid-configuration",
                new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever(client) { RequireHttps = new Uri(issuer.Url).Scheme == "https" });
            _providers[issuer.Url] = new Provider(issuer, metadata);
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

        OpenIdConnectConfiguration metadata;
        try
        {
            metadata = await provider.Metadata.GetConfigurationAsync(cancel);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException)
        {
            return ServerProblems.IssuerUnreachable.Because($"The metadata of {provider.Config.Url} cannot be had.", "Tokens issued by the hub itself go on working.");
        }

        var result = await ValidateAsync(token, provider, metadata);
        if (!result.IsValid && result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // The provider has changed its keys: ask again (the manager does so at most once in five minutes).
            provider.Metadata.RequestRefresh();
            try
            {
                result = await ValidateAsync(token, provider, await provider.Metadata.GetConfigurationAsync(cancel));
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException)
            {
                return ServerProblems.IssuerUnreachable.Because($"The metadata of {provider.Config.Url} cannot be had.");
            }
        }

        return result.IsValid ? BearerOf((JsonWebToken)result.SecurityToken, provider.Config) : ServerProblems.TokenRefused.Because(WhatIsWrong(result.Exception));
    }

    private Task<TokenValidationResult> ValidateAsync(string token, Provider provider, OpenIdConnectConfiguration metadata) =>
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
        Permissions = PermissionSet.Of(Words(token, config.Scopes)),
        Tenants = Words(token, config.Tenants),
        ExpiresAt = new DateTimeOffset(token.ValidTo, TimeSpan.Zero).UtcTicks,
    };

    /// <summary>A claim as words: an array, or one text with blanks between.</summary>
    private static string[] Words(JsonWebToken token, string claim)
    {
        if (!token.TryGetPayloadValue<JsonElement>(claim, out var value))
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

    private sealed record Provider(IssuerConfig Config, ConfigurationManager<OpenIdConnectConfiguration> Metadata);
}
