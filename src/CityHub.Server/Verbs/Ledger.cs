using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;

namespace CityHub.Server.Verbs;

/// <summary>The ledger of the running hub: how it stands, and the two halves of a rotation of keys.</summary>
internal sealed class Ledger : IVerb
{
    private static readonly Option Algorithm = new("--algorithm", "rotate: of the new key; ed25519 without it") { Value = "NAME" };

    public string Name => "ledger";

    public string Summary => "How the ledger stands; rotate the keys that sign it";

    public string Arguments => "<status|policy|rotate|retire KEY>";

    public IReadOnlyList<Option> Options => [Algorithm, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub ledger status", "size, keys, witnesses: who has seen it, who is missing and why"),
        new("cityhub ledger policy", "what receipts are checked against: give it to auditors, by another way than the receipts"),
        new("cityhub ledger rotate", "a new key signs beside the old one; its vkey is for witnesses and auditors"),
        new("cityhub ledger retire ed25519-1", "once they all know the new one"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        (HttpMethod Method, string Path)? asked = call.Arguments switch
        {
            ["status"] => (HttpMethod.Get, "/ledger"),
            ["policy"] => (HttpMethod.Get, "/ledger/policy"),
            ["rotate"] => (HttpMethod.Post, "/ledger/keys?algorithm=" + Uri.EscapeDataString(call.Text(Algorithm.Name) ?? "ed25519")),
            ["retire", var key] => (HttpMethod.Delete, "/ledger/keys/" + Uri.EscapeDataString(key)),
            _ => null,
        };
        if (asked is not { } request)
            return call.Refuse(UsageProblems.BadCommandLine.Because($"cityhub ledger {string.Join(' ', call.Arguments)} is nothing that it does.", "status, policy, rotate, or retire KEY"));
        if (await HubClient.ConnectAsync(config, call.Surroundings.Time, cancel) is not { } hub)
            return call.Refuse(DoorProblems.NoHub.Because($"No hub runs on {config.Data}.", "The keys of the ledger are changed by the hub that uses them: cityhub serve starts it."));
        using (hub)
        using (var message = new HttpRequestMessage(request.Method, request.Path))
        using (var answer = await hub.Http.SendAsync(message, cancel))
        {
            if (!answer.IsSuccessStatusCode)
                return call.Refuse(await HubClient.ProblemOfAsync(answer, cancel));
            var text = await answer.Content.ReadAsStringAsync(cancel);
            call.Out.Write(answer.Content.Headers.ContentType?.MediaType == "application/json" ? Indented(text) : text);
        }

        return Exit.Done;
    }

    private static string Indented(string json)
    {
        using var document = JsonDocument.Parse(json);
        return System.Text.Encoding.UTF8.GetString(Http.Json.Bytes(document.RootElement.WriteTo, indented: true)) + "\n";
    }
}
