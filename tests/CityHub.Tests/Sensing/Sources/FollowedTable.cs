using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CityHub.Sharing.Deliveries;
using CityHub.Standards.Mapping;
using CityHub.Standards.Quality;
using CityHub.Tests.Sharing.Catalogue;
using CityHub.Tests.Standards.Mapping;
using CityHub.Tests.Standards.Quality;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>A hub with one table that is followed.</summary>
internal sealed class FollowedTable : IDeliveries, IAsyncDisposable
{
    private RowMappingDeclaration ById => new()
    {
        Columns =
        [
            new MappedColumn { To = "no", From = "id", Steps = [new MappingStep { Do = "pad", Length = Digits, With = "0" }] }, new MappedColumn { To = "town", From = "town" }, new MappedColumn { To = "note", From = "note" },
        ],
    };

    private readonly CityUnderTest _city;
    private readonly string _id, _declaration;
    private readonly AllowedAddresses _allowed = AllowedAddresses.Of(["127.0.0.1"]).Value;
    private readonly HttpClient _http;
    private DeliveryBook _deliveries;
    private DeliveryRoom _room;
    private SourceRunner _runner;

    public FollowedTable(CityUnderTest city, string id, string declaration)
    {
        (_city, _id, _declaration) = (city, id.Replace('_', '-'), declaration);
        _http = new HttpClient(_allowed.Handler());
        (_deliveries, _room, Book, _runner) = Open();
    }

    public SourceBook Book { get; private set; }

    public SourceState Source => Book.Sources[_id];

    public System.Collections.Immutable.ImmutableList<Received> Deliveries => _deliveries.Of("population");

    public IReadOnlyList<CityHub.Sharing.Responsibilities.DeliveryMark> Marks => _deliveries.Marks();

    public bool OnlyAppendedSince(long delivery) => _deliveries.OnlyAppendedSince("population", delivery);

    public int Facts => _city.Store.Log.Read(0).Count();

    /// <summary>The next delivery is kept, and nobody hears of it.</summary>
    public bool Tear { get; set; }

    public Problem? Refuse { get; set; }

    /// <summary>While the next delivery is under way.</summary>
    public Func<Task>? Meanwhile { get; set; }

    /// <summary>Of the keys that the mapping makes.</summary>
    public int Digits { get; set; } = 5;

    public async Task DeclareAsync(string more, string connection = "") => Assert.Null((await Book.DeclareAsync(
        SourceDeclaration.Read(_id, System.Text.Encoding.UTF8.GetBytes($"{{{more} {_declaration.Replace("Database=postgres", "Database=postgres" + connection, StringComparison.Ordinal)}}}")).Value, "li.na")).Problem);

    public async Task AddColumnAsync(string name)
    {
        var entry = _city.Catalogue.Find("population") ?? throw new InvalidOperationException();
        await _city.PublishAsync(entry with { Version = entry.Version + 1, Fields = [.. entry.Fields, CityUnderTest.Field(name)] });
    }

    public async Task<Result<DeliveryOutcome?>> TurnAsync()
    {
        _city.Clock.Advance(TimeSpan.FromMinutes(1));
        return await _runner.TurnAsync(_id, TestContext.Current.CancellationToken);
    }

    /// <summary>The hub looks at its sources by itself.</summary>
    public async Task UntilAsync(Func<bool> so)
    {
        _runner.Start();
        await Context.Subscriptions.Eventually.Is(so, () => _city.Clock.Advance(TimeSpan.FromSeconds(5)));
    }

    public async Task<string[]> RowsAsync()
    {
        var table = _room.TableOf("population") ?? throw new InvalidOperationException("Nothing was delivered.");
        var all = new List<string>();
        await using var rows = table.Scan(Enumerable.Range(0, table.Schema.Columns.Count).ToArray()).Value;
        while (await rows.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                all.Add(string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "∅" : c.Type == ColumnType.Boolean ? c.Integers[row] != 0 ? "true" : "false" : c.Text(row))));
        Assert.Equal(table.Rows, all.Count);
        return [.. all.Order(StringComparer.Ordinal)];
    }

    public async Task RestartAsync()
    {
        await CloseAsync();
        await _city.ReopenAsync();
        (_deliveries, _room, Book, _runner) = Open();
    }

    /// <summary>The dataset takes nothing at this time.</summary>
    public Problem? Untaken { get; set; }

    public Result<TableSchema> SchemaOf(string dataset) => Untaken is { } problem ? problem : _room.SchemaOf(dataset);

    public async ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, CancellationToken cancel = default)
    {
        if (Refuse is { } problem)
            return problem;
        var outcome = await _room.DeliverAsync(delivery, rows, cancel);
        await (Meanwhile?.Invoke() ?? Task.CompletedTask);
        return Tear ? throw new IOException("torn") : outcome;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _http.Dispose();
        await _city.DisposeAsync();
    }

    private async Task CloseAsync()
    {
        await _runner.DisposeAsync();
        Book.Dispose();
        _room.Dispose();
        _deliveries.Dispose();
        Tear = false;
    }

    private (DeliveryBook, DeliveryRoom, SourceBook, SourceRunner) Open()
    {
        var deliveries = new DeliveryBook(_city.Store.Log, _city.Clock);
        deliveries.Load();
        var check = new DeliveryCheck(t => t.Mapping == "by-id" ? ById : null, _ => null, TownTables.All, new Town(new Dictionary<UInt128, string>()), _city.Clock);
        var room = new DeliveryRoom(deliveries, _city.Catalogue, _city.Store.Tables, check, _city.Clock);
        Assert.Null(room.OpenTables().Problem);
        var sources = new SourceBook(_city.Store.Log, _city.Clock);
        sources.Load();
        return (deliveries, room, sources, new SourceRunner(sources, this, _city.Folder, _http, _allowed, _ => null, _city.Clock, NullLogger<SourceRunner>.Instance));
    }
}
