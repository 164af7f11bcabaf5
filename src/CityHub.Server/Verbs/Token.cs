using System.Net.Http.Headers;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Storage.Embedded;

namespace CityHub.Server.Verbs;

/// <summary>
/// Issues, lists and revokes tokens of the hub of a data folder. Whoever can read the folder's key may; the running hub does it and
/// writes the fact, and if none runs the verb opens the store itself.
/// </summary>
internal sealed class Token : IVerb
{
    private static readonly Option Subject = new("--subject", "Who will carry the token") { Value = "NAME" };
    private static readonly Option Allows = new("--permissions", "What it allows, separated by commas; all for everything") { Value = "LIST" };
    private static readonly Option Tenant = new("--tenant", "A tenant that it opens beside nothing else, or * for any; without it the default tenant") { Value = "NAME", Repeats = true };
    private static readonly Option Expires = new("--expires", $"How long it lives: {Durations.Allowed}; 1d without it") { Value = "TIME" };
    private static readonly Option BreakGlass = new("--break-glass", $"An emergency: everything, for at most {Durations.Text(TokenRegister.LongestEmergency)}; the reason is recorded first and shown to everybody who watches") { Value = "REASON" };
    private static readonly Option Revoke = new("--revoke", "Revoke the token with this id instead (the id, or its hash from --list)") { Value = "ID" };
    private static readonly Option List = new("--list", "List what was issued instead");

    public string Name => "token";

    public string Summary => "Issue, list or revoke tokens of the hub";

    public IReadOnlyList<Option> Options => [Subject, Allows, Tenant, Expires, BreakGlass, Revoke, List, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub token --subject me --permissions all", "a token for a developer, for one day; it alone goes to standard output"),
        new("cityhub token --subject pump-17 --permissions entities:write --expires 90d", "a token for a device: its HTTP header, or its MQTT password"),
        new("curl -H \"Authorization: Bearer $(cityhub token --subject me --permissions entities:read)\" http://127.0.0.1:8080/ngsi-ld/v1/types", "use it at once"),
        new("cityhub token --subject wang --break-glass \"pump station 4 floods, sign-in is down, told the duty lead\"", "an emergency token: recorded before it is shown"),
        new("cityhub token --revoke 4jQnVb0r3aQm1x2c9sKp8A", "from now on it opens nothing"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        if (!Directory.Exists(config.Data))
            return call.Refuse(DoorProblems.KeyUnusable.Because($"There is no data folder {config.Data}.", "--data names it; cityhub serve makes it."));
        if (call.Has(List.Name) || call.Has(Revoke.Name))
        {
            var done = await OnHubAsync(config, call.Text(Revoke.Name) is { } id
                ? async tokens => (await tokens.RevokeAsync(id, "cityhub token", cancel)).Map(_ => "")
                : tokens => ValueTask.FromResult<Result<string>>(string.Concat(tokens.All.Select(Line))),
                call.Text(Revoke.Name) is { } revoked
                    ? (HttpMethod.Delete, "/tokens/" + Uri.EscapeDataString(revoked), null, _ => "")
                    : (HttpMethod.Get, "/tokens", null, json => string.Concat(json.EnumerateArray().Select(Line))),
                cancel);
            if (!done.TryGet(out var text, out problem))
                return call.Refuse(problem);
            call.Out.Write(text);
            return Exit.Done;
        }

        if (call.Text(Subject.Name) is not { Length: > 0 } subject)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--subject is missing: who will carry the token?"));
        var emergency = call.Text(BreakGlass.Name);
        if ((call.Text(Allows.Name) ?? (emergency is null ? null : "all")) is not { Length: > 0 } list)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--permissions is missing.", "There are " + string.Join(", ", Permissions.All) + "; or all."));
        if (!call.Duration(Expires.Name, emergency is null ? TimeSpan.FromDays(1) : TokenRegister.LongestEmergency).TryGet(out var life, out problem))
            return call.Refuse(problem);
        IReadOnlyList<string> permissions = list == "all" ? Permissions.All : list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (TokenRegister.Check(permissions, life, emergency) is { } unfit)
            return call.Refuse(unfit);
        var request = new TokenRoutes.Request(subject, permissions, emergency is null ? call.All(Tenant.Name) : [Bearer.AnyTenant], life) { BreakGlass = emergency };
        var issued = await OnHubAsync(
            config,
            async tokens => (await tokens.IssueAsync(subject, permissions, request.Tenants, life, "cityhub token", cancel, emergency)).Map(t => $"{t.Token}\n{t.Claims.Id}\n{TokenRegister.Time(t.Claims.ExpiresAt)}"),
            (HttpMethod.Post, "/tokens", Json.Bytes(request.Write), json => $"{json.GetProperty("token").GetString()}\n{json.GetProperty("id").GetString()}\n{json.GetProperty("expiresAt").GetString()}"),
            cancel);
        if (!issued.TryGet(out var answer, out problem))
            return call.Refuse(problem);
        var parts = answer.Split('\n');
        call.Out.WriteLine(parts[0]);
        call.Error.WriteLine($"Token {parts[1]} for {subject}, until {parts[2]}: {string.Join(' ', permissions)}");
        return Exit.Done;
    }

    private static string Line(IssuedToken token) =>
        $"{token.IdHash}  {TokenRegister.Time(token.ExpiresAt)}  {(token.RevokedAt is null ? "        " : "revoked ")} {token.Subject}  {string.Join(' ', token.Permissions)}\n";

    private static string Line(JsonElement token) =>
        $"{token.GetProperty("id").GetString()}  {token.GetProperty("expiresAt").GetString()}  {(token.TryGetProperty("revokedAt", out _) ? "revoked " : "        ")} {token.GetProperty("subject").GetString()}  {string.Join(' ', token.GetProperty("permissions").EnumerateArray().Select(p => p.GetString()))}\n";

    /// <summary>Asks the running hub; when none runs, does it on the store itself.</summary>
    private static async Task<Result<string>> OnHubAsync(
        HubConfig config,
        Func<TokenRegister, ValueTask<Result<string>>> directly,
        (HttpMethod Method, string Path, byte[]? Body, Func<JsonElement, string> Read) request,
        CancellationToken cancel)
    {
        if (await HubClient.ConnectAsync(config, TimeProvider.System, cancel) is { } hub)
        {
            using (hub)
            {
                using var message = new HttpRequestMessage(request.Method, request.Path);
                if (request.Body is not null)
                    message.Content = new ByteArrayContent(request.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                return await hub.SendAsync(message, request.Read, cancel);
            }
        }

        if (!EmbeddedStore.Open(config.Data, TimeProvider.System).TryGet(out var store, out var problem))
            return problem;
        await using (store)
        {
            if (!HubKey.LoadOrCreate(config.Data).TryGet(out var key, out problem))
                return problem;
            using (key)
                return await directly(new TokenRegister(store.Log, new HubTokens(key, config.Auth.Audience), TimeProvider.System));
        }
    }
}
