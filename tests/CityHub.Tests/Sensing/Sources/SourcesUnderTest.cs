using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>Sources on a real store; what they deliver is kept as texts.</summary>
internal sealed class SourcesUnderTest : IDeliveries, IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly AllowedAddresses _allowed;
    private readonly HttpClient _http;
    private EmbeddedStore _store;

    /// <param name="allow">Of the inside; the services of the tests listen on loopback.</param>
    public SourcesUnderTest(params string[] allow)
    {
        _allowed = AllowedAddresses.Of(allow.Length > 0 ? allow : ["127.0.0.1"]).Value;
        _http = new HttpClient(_allowed.Handler());
        _store = EmbeddedStore.Open(_folder.File("data"), Clock).Value;
        (Book, Runner) = Open();
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));

    public CityHub.Core.Facts.IFactLog Log => _store.Log;

    public SourceBook Book { get; private set; }

    public SourceRunner Runner { get; private set; }

    public Dictionary<string, string> Secrets { get; } = [];

    public List<(Delivery Delivery, List<string[]> Rows)> Delivered { get; } = [];

    /// <summary>Whether the next delivery brings nothing new.</summary>
    public bool Known { get; set; }

    /// <summary>What the next delivery is refused with.</summary>
    public Problem? Refuse { get; set; }

    public string Drop(string id) => Runner.DropFolder(id);

    public async Task DeclareAsync(string id, string json) => Assert.Null((await Book.DeclareAsync(SourceDeclaration.Read(id, System.Text.Encoding.UTF8.GetBytes(json)).Value, "li.na")).Problem);

    public async Task RestartAsync()
    {
        await Runner.DisposeAsync();
        Book.Dispose();
        _store.Dispose();
        _store = EmbeddedStore.Open(_folder.File("data"), Clock).Value;
        (Book, Runner) = Open();
    }

    public Result<TableSchema> SchemaOf(string dataset) => new TableSchema([new TableColumn("id", ColumnType.Text)], dataset == "loose" ? -1 : 0);

    public async ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, CancellationToken cancel = default)
    {
        var taken = new List<string[]>();
        while (await rows.NextAsync(cancel) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                taken.Add([.. batch.Columns.Select(c => c.IsNull(row) ? "∅" : c.Text(row))]);
        if (Refuse is { } problem)
            return problem;
        Delivered.Add((delivery, taken));
        return new DeliveryOutcome(Known ? 0 : Delivered.Count, Known ? 0 : taken.Count, 0, null) { Known = Known };
    }

    public async ValueTask DisposeAsync()
    {
        await Runner.DisposeAsync();
        Book.Dispose();
        _http.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    private (SourceBook Book, SourceRunner Runner) Open()
    {
        var book = new SourceBook(_store.Log, Clock);
        book.Load();
        return (book, new SourceRunner(book, this, _folder.File("drop"), _http, _allowed, Secrets.GetValueOrDefault, Clock, NullLogger<SourceRunner>.Instance));
    }
}
