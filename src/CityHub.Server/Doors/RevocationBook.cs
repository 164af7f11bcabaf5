using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing;
using CityHub.Sharing.Parties;

namespace CityHub.Server.Doors;

/// <summary>What a department took back of the tokens that it signed, or that its identity provider issued.</summary>
/// <param name="IdHash">Of one token; null: all of <paramref name="Person"/> that were issued until <paramref name="Until"/>.</param>
internal sealed record Revocation(string Department, string? IdHash, string? Person, DateTimeOffset Until, string By, string Reason, DateTimeOffset At);

/// <summary>
/// Tokens of departments that open nothing any more: a view over the stream <c>token-revocations</c>. A department takes back its own and nobody else's; tokens of the hub are not
/// touched, whatever their ids. In force from the moment the fact is durable, for every request that comes behind it.
/// </summary>
internal sealed class RevocationBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, "token-revocations")
{
    public const string Token = "DepartmentTokenRevoked";
    public const string Person = "PersonTokensRevoked";

    /// <summary>A token may say that it was issued so much later than it is: clocks differ. One that was made ahead does not outlive the revocation.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private const string Rule = "GB/T 39477: a department answers for its people";
    private const int LongestName = 500;

    private readonly ConcurrentDictionary<(string Department, string IdHash), Revocation> _tokens = new();
    private readonly ConcurrentDictionary<(string Department, string Person), Revocation> _persons = new();

    public IEnumerable<Revocation> Of(string department) => _tokens.Values.Distinct().Concat(_persons.Values).Where(r => r.Department == department).OrderByDescending(r => r.At);

    public bool IsRevoked(Bearer bearer)
    {
        if ((bearer.Department ?? DepartmentTokens.DepartmentOf(bearer.Issuer)) is not { } department)
            return false;
        return (bearer.IdHash is { } id && _tokens.ContainsKey((department, id)))
            || (_persons.TryGetValue((department, bearer.Subject), out var person) && bearer.IssuedAt <= person.Until.UtcTicks);
    }

    /// <param name="id">The <c>jti</c>, or the hash by which the log knows it; empty: none.</param>
    /// <param name="person">Whose tokens; empty: one token alone.</param>
    public ValueTask<Result<Done>> RevokeAsync(Caller caller, string department, string id, string person, string reason) => RecordAsync<Done>(now =>
    {
        if (!caller.IsOf(department, Roles.SharingOfficer | Roles.Head))
            return SharingProblems.NotYours.Because($"The sharing officer or the head of {department} takes back its tokens.", "cityhub token --department, with the department's key, gives others.", Rule);
        if (id.Length == 0 == (person.Length == 0) || id.Length > LongestName || person.Length > LongestName || string.IsNullOrWhiteSpace(reason) || reason.Length > LongestName)
            return SharingProblems.BadRequest.Because("A revocation names a token (jti) or a person, and the reason.", "{\"jti\": \"…\", \"reason\": \"lost\"} or {\"person\": \"…\", \"reason\": \"has left\"}", Rule);
        return ((IReadOnlyList<NewFact>)[Fact(id.Length > 0 ? Token : Person, json =>
        {
            json.WriteString("department", department);
            if (id.Length > 0)
                json.WriteString("id", IsHash(id) ? id : HubTokens.HashOf(id));
            else
                json.WriteString("person", person);
            json.WriteString("until", now + Skew);
            json.WriteString("by", caller.Person);
            json.WriteString("reason", reason);
        })], Done.Value);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var json = JsonDocument.Parse(payload);
        var root = json.RootElement;
        var said = new Revocation(
            Text(root, "department") ?? "", Text(root, "id"), Text(root, "person"), root.GetProperty("until").GetDateTimeOffset(), Text(root, "by") ?? "", Text(root, "reason") ?? "", at);
        if (type == Token && said.IdHash is { } id)
        {
            _tokens[(said.Department, id)] = said;
            // What looks like a hash may be an id: either way it opens nothing.
            if (IsHash(id))
                _tokens[(said.Department, HubTokens.HashOf(id))] = said;
        }
        else if (type == Person && said.Person is { } person)
            _persons[(said.Department, person)] = said;
    }

    /// <summary>Or an id of an identity provider: a UUID without hyphens looks the same.</summary>
    private static bool IsHash(string id) => id.Length == 32 && id.All(char.IsAsciiHexDigitLower);

    private static string? Text(JsonElement root, string member) => root.TryGetProperty(member, out var value) ? value.GetString() : null;
}
