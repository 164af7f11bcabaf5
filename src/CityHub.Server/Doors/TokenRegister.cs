using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Http;

namespace CityHub.Server.Doors;

/// <summary>A token that was issued, as the log tells it: the token itself and its id are known only to whoever was given it.</summary>
internal sealed record IssuedToken(string IdHash, string Subject, IReadOnlyList<string> Permissions, IReadOnlyList<string> Tenants, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The position of the fact that revoked it.</summary>
    public long RevokedIn { get; init; }

    /// <summary>Why somebody had to do what nobody had given him to do; null for an ordinary token.</summary>
    public string? BreakGlass { get; init; }
}

/// <summary>
/// Issues and revokes tokens. The fact comes before the effect: no token leaves the hub before <c>TokenIssued</c> is durable, and a revoked one opens
/// nothing from the moment <c>TokenRevoked</c> is.
/// </summary>
internal sealed class TokenRegister : IFactObserver
{
    public const string Stream = "tokens";
    public const string Issued = "TokenIssued";
    public const string Revoked = "TokenRevoked";

    /// <summary>Longer than any device is left alone; a token that never ends cannot be outlived.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(3 * 366);

    /// <summary>An emergency is over after this long, or another reason is given.</summary>
    public static readonly TimeSpan LongestEmergency = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, IssuedToken> _tokens = new(StringComparer.Ordinal);
    private readonly IFactLog _log;
    private readonly HubTokens _tokensOfHub;
    private readonly TimeProvider _time;

    /// <summary>Reads the stream from its beginning and follows it from there.</summary>
    public TokenRegister(IFactLog log, HubTokens tokensOfHub, TimeProvider time)
    {
        (_log, _tokensOfHub, _time) = (log, tokensOfHub, time);
        foreach (var fact in log.Read(0, Stream))
            Apply(fact);
        log.Observe(this);
    }

    public IEnumerable<IssuedToken> All => _tokens.Values.OrderByDescending(t => t.IssuedAt);

    /// <summary>Emergency tokens that open the hub now.</summary>
    public int GlassBroken => _tokens.Values.Count(t => t.BreakGlass is not null && t.RevokedAt is null && t.ExpiresAt > _time.GetUtcNow());

    public bool IsRevoked(string idHash) => _tokens.TryGetValue(idHash, out var token) && token.RevokedAt is not null;

    public async ValueTask<Result<(string Token, TokenClaims Claims, long Position)>> IssueAsync(
        string subject, IReadOnlyList<string> permissions, IReadOnlyList<string> tenants, TimeSpan life, string by, CancellationToken cancel, string? breakGlass = null)
    {
        if (Check(permissions, life, breakGlass) is { } problem)
            return problem;
        var now = DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds());
        var claims = new TokenClaims(HubTokens.NewId(), subject, permissions, tenants, now, now + life);
        var fact = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", HubTokens.HashOf(claims.Id));
            json.WriteString("subject", subject);
            Strings(json, "permissions", permissions);
            Strings(json, "tenants", tenants);
            json.WriteString("expiresAt", Time(claims.ExpiresAt));
            json.WriteString("by", by);
            if (breakGlass is not null)
                json.WriteString("breakGlass", breakGlass);
            json.WriteEndObject();
        });
        var appended = await _log.AppendAsync(new Append(Stream, [new NewFact(Issued, fact)], now), cancel);
        return appended.Problem is { } refused ? refused : (_tokensOfHub.Sign(claims), claims, appended.Value.Position);
    }

    /// <param name="id">The <c>jti</c>, or the hash by which the log knows it.</param>
    public async ValueTask<Result<(IssuedToken Token, long Position)>> RevokeAsync(string id, string by, CancellationToken cancel)
    {
        if (!_tokens.TryGetValue(HubTokens.HashOf(id), out var token) && !_tokens.TryGetValue(id, out token))
            return DoorProblems.TokenUnknown.Because("No token with this id was issued here.", "GET /tokens lists what was issued, by the hash of the id.");
        if (token.RevokedAt is not null)
            return (token, token.RevokedIn);
        var fact = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", token.IdHash);
            json.WriteString("by", by);
            json.WriteEndObject();
        });
        var appended = await _log.AppendAsync(new Append(Stream, [new NewFact(Revoked, fact)], _time.GetUtcNow()), cancel);
        return appended.Problem is { } refused ? refused : (_tokens[token.IdHash], appended.Value.Position);
    }

    /// <param name="breakGlass">Why, for an emergency token.</param>
    public static Problem? Check(IReadOnlyList<string> permissions, TimeSpan life, string? breakGlass = null)
    {
        if (breakGlass is not null && (breakGlass.Trim().Length is < 10 or > 1000 || life > LongestEmergency))
            return DoorProblems.BreakGlass.Because(
                $"An emergency token lives for at most {Configuration.Durations.Text(LongestEmergency)} and has a reason of 10 to 1000 letters that an auditor will read.", "Say what happened and who was told; when the hour is over and the emergency is not, issue another one.");

        if (permissions.Count == 0)
            return DoorProblems.UnknownPermission.Because("The token would carry no permission.", Known);
        foreach (var permission in permissions)
        {
            if (PermissionSet.BitOf(permission) == 0)
            {
                var near = CommandLine.Suggestion.For(permission, Permissions.All);
                return DoorProblems.UnknownPermission.Because($"{permission} is no permission of the hub.", near is null ? Known : $"Did you mean {near}?");
            }
        }

        return life > TimeSpan.Zero && life <= LongestLife
            ? null
            : DoorProblems.TokenLifetime.Because($"A token lives for more than nothing and at most {Configuration.Durations.Text(LongestLife)}.");
    }

    public void Observed(ReadOnlySpan<Fact> facts, object? state)
    {
        foreach (ref readonly var fact in facts)
            if (fact.Stream == Stream)
                Apply(fact);
    }

    private static string Known => "There are " + string.Join(", ", Permissions.All) + ".";

    private void Apply(in Fact fact)
    {
        using var json = JsonDocument.Parse(fact.Payload);
        var root = json.RootElement;
        var id = root.GetProperty("id").GetString() ?? "";
        if (fact.Type == Issued)
        {
            _tokens[id] = new IssuedToken(
                id,
                root.GetProperty("subject").GetString() ?? "",
                Strings(root.GetProperty("permissions")),
                Strings(root.GetProperty("tenants")),
                fact.At,
                root.GetProperty("expiresAt").GetDateTimeOffset())
            {
                BreakGlass = root.TryGetProperty("breakGlass", out var reason) ? reason.GetString() : null,
            };
        }
        else if (fact.Type == Revoked && _tokens.TryGetValue(id, out var token))
        {
            _tokens[id] = token with { RevokedAt = fact.At, RevokedIn = fact.Position };
        }
    }

    private static List<string> Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString() ?? "")];

    private static void Strings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
