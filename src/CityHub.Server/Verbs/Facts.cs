using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Server.FactLog;
using CityHub.Storage.Embedded;

namespace CityHub.Server.Verbs;

/// <summary>Reads the fact log: of the hub that runs on the data folder, else of the folder itself.</summary>
internal sealed class Facts : IVerb
{
    private static readonly Option From = new("--from", "Position of the first fact; 1 without it") { Value = "N" };
    private static readonly Option Stream = new("--stream", "Only facts of this stream") { Value = "NAME" };
    private static readonly Option Type = new("--type", "Only facts of this name") { Value = "NAME" };
    private static readonly Option Limit = new("--limit", "At most so many") { Value = "N" };
    private static readonly Option Follow = new("--follow", "Go on with facts as they happen, until Ctrl-C");
    private static readonly Option AsJson = new("--json", "Whole facts, one line of JSON each");

    public string Name => "facts";

    public string Summary => "Read the log of everything that happened";

    public IReadOnlyList<Option> Options => [From, Stream, Type, Limit, Follow, AsJson, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub facts --limit 20", "the first twenty facts, a line each"),
        new("cityhub facts --stream tokens --type TokenRevoked", "which tokens were revoked, and when"),
        new("cityhub facts --follow --json | jq .payload", "everything as it happens, for a program"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem)
            || !call.Number(From.Name, 1, least: 1).TryGet(out var from, out problem)
            || !call.Number(Limit.Name, long.MaxValue, least: 0).TryGet(out var limit, out problem))
            return call.Refuse(problem);
        if (!Directory.Exists(config.Data))
            return call.Refuse(DoorProblems.NoHub.Because($"There is no data folder {config.Data}.", "--data names it; cityhub serve makes it."));
        var query = new FactQuery(from - 1, call.Text(Stream.Name), call.Text(Type.Name), limit, call.Has(Follow.Name));
        var refused = await HubClient.ConnectAsync(config, call.Surroundings.Time, cancel) is { } hub
            ? await FromHubAsync(hub, query, call, cancel)
            : await FromFolderAsync(config, query, call, cancel);
        return refused is null ? Exit.Done : call.Refuse(refused);
    }

    private static async Task<Problem?> FromHubAsync(HubClient hub, FactQuery query, VerbCall call, CancellationToken cancel)
    {
        using (hub)
        {
            var url = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"/facts?from={query.After + 1}&follow={(query.Follow ? "true" : "false")}"));
            if (query.Stream is not null)
                url.Append("&stream=").Append(Uri.EscapeDataString(query.Stream));
            if (query.Type is not null)
                url.Append("&type=").Append(Uri.EscapeDataString(query.Type));
            if (query.Limit < long.MaxValue)
                url.Append(CultureInfo.InvariantCulture, $"&limit={query.Limit}");
            using var request = new HttpRequestMessage(HttpMethod.Get, url.ToString());
            using var answer = await hub.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!answer.IsSuccessStatusCode)
                return await HubClient.ProblemOfAsync(answer, cancel);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
            while (await lines.ReadLineAsync(cancel) is { } line)
                Write(line, call);
            return null;
        }
    }

    private static async Task<Problem?> FromFolderAsync(HubConfig config, FactQuery query, VerbCall call, CancellationToken cancel)
    {
        if (query.Follow)
            return DoorProblems.NoHub.Because($"No hub runs on {config.Data}: nothing happens that could be followed.", "cityhub serve starts one; without --follow the log is read from the folder.");
        if (!EmbeddedStore.Open(config.Data, call.Surroundings.Time).TryGet(out var store, out var problem))
            return problem;
        await using (store)
        {
            if ((await store.Acts.RecordAsync(ReadFacts.Act(query, "cityhub facts"), cancel)).Problem is { } unrecorded)
                return unrecorded;
            var line = new ArrayBufferWriter<byte>();
            await foreach (var fact in FactLines.ReadAsync(store.Log, query, cancel))
            {
                line.ResetWrittenCount();
                FactLines.Write(line, fact);
                Write(Encoding.UTF8.GetString(line.WrittenSpan[..^1]), call);
            }
        }

        return null;
    }

    private static void Write(string line, VerbCall call)
    {
        if (call.Has(AsJson.Name))
        {
            call.Out.WriteLine(line);
            return;
        }

        using var fact = JsonDocument.Parse(line);
        call.Out.WriteLine(FactLines.Text(fact.RootElement));
    }
}
