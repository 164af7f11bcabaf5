using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sensing.Import;
using CityHub.Sensing.Import.Files;
using CityHub.Sensing.Mapping;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;

namespace CityHub.Server.Verbs;

/// <summary>
/// Reads files into the history: of a hub at an address, of the hub that runs on the data folder, or, when none runs, of the folder itself, for which a
/// hub of its own runs as long as the import does.
/// </summary>
internal sealed class Import : IVerb
{
    private static readonly Option Mapping = new("--mapping", "How a row becomes observations; --suggest writes one") { Value = "FILE" };
    private static readonly Option Suggest = new("--suggest", "Write a mapping for the file to standard output instead, guessed from its first rows");
    private static readonly Option DryRun = new("--dry-run", "Record nothing: show what the first rows give, and every row that is refused");
    private static readonly Option Format = new("--format", "Without it as the name and the content say") { Value = "FORMAT", Allowed = ["csv", "json", "ndjson", "geojson", "parquet"] };
    private static readonly Option Encoding = new("--encoding", "Of the text; utf-8 without it, or what its byte order mark says") { Value = "NAME", Allowed = ImportFile.Encodings };
    private static readonly Option Entity = new("--entity", "URI of the one thing that the files are about, instead of the mapping's") { Value = "URI" };
    private static readonly Option Url = new("--url", "The hub to read into, instead of the one of the data folder") { Value = "URL" };
    private static readonly Option Token = new("--token", "A token of that hub with entities:read and entities:write; without it the environment CITYHUB_TOKEN") { Value = "TOKEN" };
    private static readonly Option Tenant = new("--tenant", "The tenant; the default one without it") { Value = "NAME" };
    private static readonly Option Rejects = new("--rejects", "Where refused rows are written with the reason; rejects.csv without it") { Value = "FILE" };
    private static readonly Option MostRefused = new("--max-refused", "Stop when more rows than this are refused") { Value = "N" };
    private static readonly Option Limit = new("--limit", "Read at most so many rows of each file") { Value = "N" };
    private static readonly Option Again = new("--again", "From the first row, although the file was imported before (what is there is not doubled)");
    private static readonly Option Quiet = new("--quiet", "No progress");

    public string Name => "import";

    public string Summary => "Load files into the hub: CSV, JSON, NDJSON, GeoJSON, Parquet";

    public string Arguments => "FILE...";

    public IReadOnlyList<Option> Options =>
        [Mapping, Suggest, DryRun, Format, Encoding, Entity, Url, Token, Tenant, Rejects, MostRefused, Limit, Again, Quiet, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub import --suggest air.csv > air.mapping.json", "a mapping to start from; look through it, above all at time.zone and the units"),
        new("cityhub import --dry-run --mapping air.mapping.json air.csv", "what it gives, and what is refused"),
        new("cityhub import --mapping air.mapping.json air-*.csv.gz", "into the hub of the data folder, whether it runs or not; the same command goes on after an end"),
        new("cityhub import --mapping m.json --url http://127.0.0.1:8080 --token TOKEN data.parquet", "into a hub somewhere else"),
        new("zcat log.gz | cityhub import --mapping m.json --format ndjson -", "from another program"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Arguments.Count == 0)
            return call.Refuse(UsageProblems.BadCommandLine.Because("Which file?", "cityhub import --suggest FILE"));
        var paths = call.Arguments.Select(a => a == ImportFile.StandardInput ? a : call.Surroundings.PathOf(a)).ToList();
        var format = call.Text(Format.Name) switch { "csv" => ImportFormat.Csv, "json" => ImportFormat.Json, "ndjson" => ImportFormat.NdJson, "geojson" => ImportFormat.GeoJson, "parquet" => ImportFormat.Parquet, _ => (ImportFormat?)null };
        var input = paths.Contains(ImportFile.StandardInput) ? Console.OpenStandardInput() : null;
        if (call.Has(Suggest.Name))
            return await SuggestAsync(call, paths[0], format, input, cancel);
        if (call.Text(Mapping.Name) is not { } mappingFile)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--mapping is missing: what do the columns mean?", $"cityhub import --suggest {call.Arguments[0]} > mapping.json writes one to start from."));
        if (!ReadMapping(call.Surroundings.PathOf(mappingFile)).TryGet(out var mapping, out var problem)
            || !call.Number(MostRefused.Name, long.MaxValue, 0).TryGet(out var mostRefused, out problem)
            || !call.Number(Limit.Name, long.MaxValue, 1).TryGet(out var limit, out problem))
            return call.Refuse(problem);
        var options = new ImportOptions
        {
            Mapping = mapping, Format = format, Encoding = call.Text(Encoding.Name), Entity = call.Text(Entity.Name), MostRefused = mostRefused, MostRows = limit, Again = call.Has(Again.Name), Input = input,
        };
        return call.Has(DryRun.Name) ? await TryAsync(call, paths, options, cancel) : await RecordAsync(call, paths, options, cancel);
    }

    private static async Task<int> SuggestAsync(VerbCall call, string path, ImportFormat? format, Stream? input, CancellationToken cancel)
    {
        if (!(await MappingGuess.OfAsync(path, format, call.Text(Encoding.Name), input, cancel)).TryGet(out var guess, out var problem))
            return call.Refuse(problem);
        call.Out.WriteLine(guess.Declaration.ToText());
        foreach (var note in guess.Notes)
            call.Error.WriteLine($"  {note}");
        return Exit.Done;
    }

    private static async Task<int> TryAsync(VerbCall call, List<string> paths, ImportOptions options, CancellationToken cancel)
    {
        const int Shown = 10;
        using var nowhere = new HubOverHttp(static _ => new((HttpClient?)null), call.Surroundings.Time, options.Patience);
        using var none = new RejectsFile(Path.Combine(call.Surroundings.Folder, "rejects.csv"));
        using var written = call.Text(Rejects.Name) is { } place ? new RejectsFile(call.Surroundings.PathOf(place)) : null;
        var (rows, refused, values, shown) = (0L, 0L, 0L, 0);
        Problem? failed = null;
        foreach (var path in paths)
        {
            var importer = new Importer(nowhere, options, call.Surroundings.Time, none, new ImportProgress());
            var tried = await importer.TryAsync(
                path,
                observation =>
                {
                    if (shown++ < Shown)
                        call.Out.WriteLine(Said(observation));
                },
                reject =>
                {
                    if (written is null)
                        call.Error.WriteLine($"  {reject.File} row {reject.Row}: {reject.Column}{(reject.Column.Length > 0 ? ": " : "")}{reject.Reason}{(reject.Value.Length > 0 ? ": " + reject.Value : "")}");
                    else
                        failed ??= written.Write([reject]);
                },
                cancel);
            if (!tried.TryGet(out var summary, out var problem))
                return call.Refuse(problem);
            (rows, refused, values) = (rows + summary.State.Rows, refused + summary.State.Refused, values + summary.State.Recorded);
            if ((failed ?? summary.Stopped) is { } stopped)
                return call.Refuse(stopped);
        }

        call.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows would give {values:N0} values of {shown:N0} observations{(shown > Shown ? $" (the first {Shown} are shown)" : "")}; {refused:N0} rows are refused. Nothing was recorded."));
        return refused == 0 ? Exit.Done : Exit.Partly;
    }

    private static async Task<int> RecordAsync(VerbCall call, List<string> paths, ImportOptions options, CancellationToken cancel)
    {
        var tenant = call.Text(Tenant.Name) ?? "";
        var clock = call.Surroundings.Time;
        if (call.Text(Url.Name) is { } url)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                return call.Refuse(UsageProblems.BadCommandLine.Because($"--url is {url}; it takes the address of a hub.", "For example --url http://127.0.0.1:8080"));
            var token = call.Text(Token.Name) ?? call.Surroundings.Environment.GetValueOrDefault("CITYHUB_TOKEN");
            var client = Client(new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) }, tenant);
            if (token is not null)
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var hub = new HubOverHttp(_ => new(client), clock, options.Patience);
            return await FilesAsync(call, paths, options, hub, cancel);
        }

        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        if (await HubClient.ConnectAsync(config, clock, cancel) is { } running)
        {
            running.Dispose();
            // The verb's own token is good for a minute; a new one is signed when the hub no longer takes it.
            using var hub = new HubOverHttp(
                async stop =>
                {
                    // Presence and key are read anew: the hub may have come back on another port.
                    var connected = await HubClient.ConnectAsync(config, clock, stop);
                    return connected is null ? null : Client(connected.Http, tenant);
                },
                clock,
                options.Patience);
            return await FilesAsync(call, paths, options, hub, cancel);
        }

        // No hub runs: one of our own does, on an address that nobody else is told, until the files are read.
        var own = config with { Open = false, Http = config.Http with { Listeners = [new Listener("http://127.0.0.1:0", "127.0.0.1", 0, Tls: false)], Certificate = null }, Mqtt = new MqttConfig() };
        if (!(await Hub.StartAsync(own, new HubSurroundings { Time = clock, Log = Microsoft.Extensions.Logging.Abstractions.NullLoggerProvider.Instance }, cancel)).TryGet(out var started, out problem))
            return call.Refuse(problem.Kind.Code == "storage-locked" ? problem with { Hint = "A hub runs on that folder and does not answer here: read into it with --url and --token." } : problem);
        await using (started)
            return await FilesAsync(call, paths, options, started.Imports.Target(tenant), cancel);
    }

    private static HttpClient Client(HttpClient client, string tenant)
    {
        if (tenant.Length > 0 && !client.DefaultRequestHeaders.Contains("NGSILD-Tenant"))
            client.DefaultRequestHeaders.Add("NGSILD-Tenant", tenant);
        return client;
    }

    private static async Task<int> FilesAsync(VerbCall call, List<string> paths, ImportOptions options, IImportTarget target, CancellationToken cancel)
    {
        using var rejects = new RejectsFile(call.Surroundings.PathOf(call.Text(Rejects.Name) ?? "rejects.csv"));
        var progress = new ImportProgress();
        var clock = call.Surroundings.Time;
        var began = clock.GetTimestamp();
        using var shown = new CancellationTokenSource();
        var showing = call.Has(Quiet.Name) ? Task.CompletedTask : new ProgressLine(call.Error, call.Surroundings.Interactive, clock).ShowAsync(progress, shown.Token);
        var (rows, refused, recorded, known, files) = (0L, 0L, 0L, 0L, 0);
        Problem? problem = null;
        var cancelled = false;
        try
        {
            foreach (var path in paths)
            {
                var imported = await new Importer(target, options, clock, rejects, progress).RunAsync(path, cancel);
                if (!imported.TryGet(out var summary, out problem))
                    break;
                (rows, refused) = (rows + summary.State.Rows - summary.From, refused + summary.State.Refused);
                (recorded, known, files) = (recorded + (summary.WasDone ? 0 : summary.State.Recorded), known + (summary.WasDone ? 0 : summary.State.Known), files + 1);
                problem = summary.Stopped;
                cancelled = summary.Cancelled && summary.State.Rows < options.MostRows;
                if (problem is not null || cancelled)
                    break;
                if (summary.WasDone)
                    call.Error.WriteLine($"{summary.State.File} was imported before, to its end ({summary.State.Rows:N0} rows). --again reads it once more.");
            }
        }
        finally
        {
            await shown.CancelAsync();
            await showing;
        }

        var seconds = Math.Max(0.001, clock.GetElapsedTime(began).TotalSeconds);
        call.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{rows:N0} rows of {files:N0} file{(files == 1 ? "" : "s")} in {seconds:0.0} s ({rows / seconds:N0} rows/s): {recorded:N0} values recorded, {known:N0} known before, {refused:N0} rows refused."));
        if (refused > 0 && rejects.Exists)
            call.Error.WriteLine($"  What was refused, and why: {rejects.Path}");
        if (problem is not null)
            return call.Refuse(problem);
        if (cancelled)
        {
            call.Error.WriteLine("  Stopped. The same command goes on from here.");
            return Exit.Failed;
        }

        return refused == 0 ? Exit.Done : Exit.Partly;
    }

    private static Result<MappingDeclaration> ReadMapping(string path)
    {
        try
        {
            var utf8 = File.ReadAllBytes(path);
            return MappingDeclaration.Read(utf8.AsSpan().StartsWith(System.Text.Encoding.UTF8.Preamble) ? utf8.AsSpan(3) : utf8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return UsageProblems.BadCommandLine.Because($"--mapping: {e.Message}", "cityhub import --suggest FILE > mapping.json writes one to start from.");
        }
    }

    private static string Said(Core.Ports.Observation observation)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            ImportRoom.Write(json, observation);
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
