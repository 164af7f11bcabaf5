using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Import;
using CityHub.Sensing.Mapping;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sensing.Import;

/// <summary>A whole hub and a folder of files for it.</summary>
internal sealed class ImportUnderTest : IAsyncDisposable
{
    public const string Flat = """{"format":"csv","entity":"urn:x:{id}","type":"Thing","time":{"from":"time","zone":"Z"},"missing":["NA"],"attributes":[{"name":"v","as":"number"}]}""";

    private readonly TestFolder _folder = new();

    private ImportUnderTest(HubUnderTest hub) => Hub = hub;

    public HubUnderTest Hub { get; }

    public string Rejects => _folder.File("rejects.csv");

    public static async Task<ImportUnderTest> StartAsync() => new(await HubUnderTest.StartAsync());

    public string File(string name, string text) => File(name, Encoding.UTF8.GetBytes(text));

    public string File(string name, byte[] bytes)
    {
        var path = _folder.File(name);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    public static ImportOptions Options(string mapping = Flat) => new() { Mapping = MappingDeclaration.Read(Encoding.UTF8.GetBytes(mapping)).Value, BatchValues = 20 };

    public async Task<Result<ImportSummary>> ImportAsync(string path, ImportOptions? options = null, IImportTarget? target = null, string? rejects = null, CancellationTokenSource? stop = null)
    {
        using var refused = new RejectsFile(rejects ?? Rejects);
        return await new Importer(target ?? Hub.Hub.Imports.Target(""), options ?? Options(), TimeProvider.System, refused, new ImportProgress()).RunAsync(path, stop?.Token ?? TestContext.Current.CancellationToken);
    }

    /// <summary>Number of instances of v in the history of a thing.</summary>
    public long Instances(string entity, string attribute = "v") =>
        Hub.Hub.Store.Series.Extent(new Core.Series.SeriesKey("", entity, "https://uri.etsi.org/ngsi-ld/default-context/" + attribute)).Count;

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Rows of an hour each, of one thing.</summary>
    public static string Rows(int count, int from = 0) =>
        "time,id,v\n" + string.Concat(Enumerable.Range(from, count).Select(i => $"{new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddHours(i):yyyy-MM-ddTHH:mm:ss}Z,a,{i}\n"));

    /// <summary>Passes on, and fails when it is told to.</summary>
    internal sealed class Faulty(IImportTarget inner) : IImportTarget
    {
        private int _batches;

        /// <summary>After so many batches nothing is taken any more.</summary>
        public int Takes { get; set; } = int.MaxValue;

        /// <summary>Called with each batch before it is recorded.</summary>
        public Action<int>? Before { get; set; }

        public int Batches => _batches;

        public ValueTask<Result<ImportState?>> FindAsync(string id, CancellationToken cancel) => inner.FindAsync(id, cancel);

        public ValueTask<Result<Done>> NoteAsync(ImportState state, CancellationToken cancel) => inner.NoteAsync(state, cancel);

        public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) => inner.ExpandAsync(term, context, cancel);

        public async ValueTask<Result<Filled>> RecordAsync(string? context, IReadOnlyList<Observation> observations, CancellationToken cancel)
        {
            var number = Interlocked.Increment(ref _batches);
            Before?.Invoke(number);
            return number > Takes ? ImportProblems.Interrupted.Because("gone") : await inner.RecordAsync(context, observations, cancel);
        }
    }
}
