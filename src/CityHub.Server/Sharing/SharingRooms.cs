using System.Security.Cryptography;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.Doors;
using CityHub.Sensing.Sources;
using CityHub.Server.Sharing.Entities;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Accountability;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.OpenData;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;
using CityHub.Sharing.Subscriptions;
using CityHub.Sharing.Supervision;
using CityHub.Standards;
using CityHub.Standards.Mapping;
using CityHub.Standards.Quality;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Server.Sharing;

/// <summary>
/// Standards and sharing on one store: words, catalogue, lists, deliveries, requests, decisions, releases, supervision. The order in which they open is the order in which one
/// needs the other: parties and calendars, the lists, the catalogue, rows, grants, decisions.
/// </summary>
internal sealed class SharingRooms : IAsyncDisposable
{
    private readonly List<IDisposable> _books = [];
    private readonly BooksWatch _watch;
    private readonly QualityRoom _quality;
    private readonly RowMappingRoom _mappings;
    private readonly AccessRoom _access;
    private readonly CatalogueRoom _catalogueRoom;
    private readonly ResponsibilityRoom _lists;
    private readonly PartyRoom _partyRoom;
    private readonly OpenDataRoom _openData;
    private readonly DataKeyBook _dataKeys;
    private readonly SupervisionRoom _supervision;
    private readonly SourceRoom _sources;
    private readonly TableKeeper _keeper;

    private SharingRooms(EmbeddedStore store, DepartmentKeys keys, byte[] secret, string folder, string profile, IWitnessed? witnessed, HttpClient http, AllowedAddresses allowed, IReceivers receivers, TimeProvider time, IIdSource ids, ILoggerFactory loggers)
    {
        var log = store.Log;
        Keys = keys;
        Standards = Own(new StandardsRoom(log, time, StandardOwners.Authority));
        var mappings = Own(new RowMappingBook(log, time, Standards.CodeTables));
        var quality = Quality = Own(new QualityBook(log, time));
        Parties = Own(new PartyBook(log, time));
        var calendars = Own(new CalendarBook(log, time, profile));
        Responsibilities = Own(new ResponsibilityBook(log, time, Parties));
        Catalogue = Own(new CatalogueBook(log, time, calendars, Parties, Responsibilities));
        Responsibilities.Catalogue = Catalogue;
        Purposes = Own(new PurposeBook(log, time, ids));
        Grants = Own(new GrantBook(log, time));
        Use = new ReleaseUse(log);
        Glass = Own(new BreakGlassBook(log, time, Parties, Catalogue, Grants, new PurposesNow(Purposes), loggers.CreateLogger<BreakGlassBook>()));

        var references = new LateReferences();
        var owners = new StandardOwners(Catalogue, Grants, new PurposesNow(Purposes), SchemaOf, time);
        DeliveryCheck Check(IReferences references) => new(t => mappings.For(t.Mapping, t.Dataset, t.Department), t => quality.For(t.Rules, t.Dataset, t.Department), Standards.CodeTables, references, time);
        Deliveries = Own(new DeliveryRoom(Own(new DeliveryBook(log, time)), Catalogue, store.Tables, Check(references), time)
        {
            Judged = async (dataset, asOf, rows) => await quality.RecordAsync(dataset.Id, dataset.QualityRules, asOf, rows),
        });
        var tables = new DatasetTables(store.Tables, Deliveries, Catalogue, tenant => Entities?.Table(tenant), time);
        references.Known = new TableReferences(tables, owners, _ => null);

        Releases = new Releases(store.Acts, log, store.Views, store.Kept, tables, Grants, Catalogue, new PurposesNow(Purposes), time, new ReleaseOptions { Secret = secret, Witnessed = witnessed });
        Guard = new CatalogueGuard(Catalogue, Grants, Parties.CallerOf, new EntityReleases(Releases));
        _access = new AccessRoom(Purposes, Grants, Catalogue, time);
        Requests = new RequestRoom(
            log, store.Acts, calendars, Grants, Catalogue, new RegisteredDepartments(Parties), new PurposesNow(Purposes), Responsibilities, Use, time, ids, RandomNumberGenerator.Fill, loggers.CreateLogger<RequestRoom>());

        // Rules are tried out without a look into other datasets: what a rule finds there would be an answer that no grant gives.
        _quality = new QualityRoom(quality, Check(new LateReferences()), time, owners);
        _mappings = new RowMappingRoom(mappings, owners);
        _catalogueRoom = new CatalogueRoom(Catalogue, MayDiscover, Use, time);
        Arrivals = new Arrivals(Catalogue, Deliveries.Book, quality, () => EntityHours, tables, Check(references), time);
        _lists = new ResponsibilityRoom(Responsibilities, () => (calendars.Calendar, calendars.Profile.TimeZone), Arrivals, Use, Incidents, ids, time);
        _partyRoom = new PartyRoom(Parties, Glass, ids, Use);
        Looks = new WhoLooked(store.Acts, log, Catalogue, code => Purposes.Tree.Find(code)?.Name ?? new Words(code, code));
        _openData = new OpenDataRoom(Catalogue, Releases, MayDiscover, AskReader.AskOf, time)
        {
            Department = Parties.Find, Quality = dataset => Measures(quality, dataset), WhoLooked = new TrackedLooks(Looks, Parties, log.Read(0).Select(f => f.At).FirstOrDefault(time.GetUtcNow())),
        };
        _dataKeys = Own(new DataKeyBook(log, time));
        Revocations = Own(new RevocationBook(log, time));
        Supervision = Own(new SupervisionBook(log, time));
        _supervision = new SupervisionRoom(
            Supervision, new EvidenceReader(log, Supervision).Read, () => Catalogue.State, Catalogue, new RegisteredDepartments(Parties), Grants, new PurposesNow(Purposes), calendars, time);
        var sources = Own(new SourceBook(log, time));
        _sources = new SourceRoom(sources, new SourceRunner(sources, Deliveries, Path.Combine(folder, "drop"), http, allowed, Environment.GetEnvironmentVariable, time, loggers.CreateLogger<SourceRunner>()), time, MayDeliver);
        Subscriptions = new SubscriptionRoom(
            Own(new SubscriptionBook(log, time)), Deliveries, Releases, Grants, Catalogue, Parties, new SubscriptionKeys(secret), receivers, ids, time, loggers.CreateLogger<SubscriptionRoom>());
        _keeper = new TableKeeper(Deliveries, time, loggers.CreateLogger<TableKeeper>());
        _watch = new BooksWatch([Catalogue, Glass], Arrivals, _lists, _supervision, time, loggers.CreateLogger<BooksWatch>());
    }

    public DepartmentKeys Keys { get; }

    public StandardsRoom Standards { get; }

    public PartyBook Parties { get; }

    public BreakGlassBook Glass { get; }

    /// <summary>Tokens of departments that open nothing any more.</summary>
    public RevocationBook Revocations { get; }

    public CatalogueBook Catalogue { get; }

    public ResponsibilityBook Responsibilities { get; }

    /// <summary>The lists with what was delivered, for pages.</summary>
    public ResponsibilityRoom Lists => _lists;

    /// <summary>What came of each dataset, by file or as entities.</summary>
    public Arrivals Arrivals { get; }

    /// <summary>Quality rules, and what deliveries were found to be.</summary>
    public QualityBook Quality { get; }

    public PurposeBook Purposes { get; }

    public GrantBook Grants { get; }

    public DeliveryRoom Deliveries { get; }

    public Releases Releases { get; }

    /// <summary>The memory of the city, once it is open: datasets of entities are read from it.</summary>
    public Context.Entities.Broker? Entities { get; set; }

    /// <summary>When entities were told anew: by it the lists judge datasets of entities.</summary>
    public EntityHours? EntityHours { get; set; }

    /// <summary>What stands between entities and whoever reads them.</summary>
    public CatalogueGuard Guard { get; }

    /// <summary>Tables that departments are sent. The hub starts and stops it, inside of the ledger.</summary>
    public SubscriptionRoom Subscriptions { get; }

    public RequestRoom Requests { get; }

    public SupervisionBook Supervision { get; }

    public ReleaseUse Use { get; }

    /// <summary>Who looked at a person's data, and why.</summary>
    public WhoLooked Looks { get; }

    /// <summary>Reads every book, opens the tables, reports what a crash left open, and begins to watch the clocks.</summary>
    public static async ValueTask<Result<SharingRooms>> OpenAsync(
        EmbeddedStore store, DepartmentKeys keys, string folder, string profile, IWitnessed? witnessed, HttpClient http, AllowedAddresses allowed, IReceivers receivers, TimeProvider time, IIdSource ids, ILoggerFactory loggers, CancellationToken cancel)
    {
        if (!SharingSecret.LoadOrCreate(folder).TryGet(out var secret, out var problem))
            return problem;
        var rooms = new SharingRooms(store, keys, secret, folder, profile, witnessed, http, allowed, receivers, time, ids, loggers);
        foreach (var book in rooms._books.OfType<Core.Facts.FactBook>().Where(b => b is not CalendarBook and not GrantBook))
            book.Load();
        rooms.Standards.Start();
        if (!rooms.Deliveries.OpenTables().TryGet(out _, out problem))
        {
            await rooms.DisposeAsync();
            return problem;
        }

        await rooms.Requests.StartAsync();
        if (!(await rooms.Glass.RecordPassedAsync()).TryGet(out _, out problem))
        {
            await rooms.DisposeAsync();
            return problem;
        }

        await rooms.Releases.LoadAsync(cancel);
        rooms._watch.Start();
        rooms._keeper.Start();
        rooms._sources.Runner.Start();
        return rooms;
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        Standards.MapStandards(routes);
        routes.MapRowMappings(_mappings);
        routes.MapQuality(_quality);
        routes.MapParties(_partyRoom);
        routes.MapCatalogue(_catalogueRoom);
        routes.MapResponsibilities(_lists);
        routes.MapDeliveries(Deliveries);
        routes.MapRequests(Requests);
        routes.MapData(Releases);
        routes.MapTableSubscriptions(Subscriptions);
        AccessRoom.Map(routes, _access);
        OpenDataRoom.MapOpenData(routes, _openData);
        routes.MapSupervision(_supervision);
        routes.MapSources(_sources);
        routes.MapUnlock(_dataKeys, Keys);
        routes.MapRevocations(Revocations);
    }

    public async ValueTask DisposeAsync()
    {
        await _sources.Runner.DisposeAsync();
        await _keeper.DisposeAsync();
        await _watch.DisposeAsync();
        await Requests.DisposeAsync();
        foreach (var book in Enumerable.Reverse(_books))
            book.Dispose();
    }

    private Result<TableSchema> SchemaOf(string dataset) => Deliveries.SchemaOf(dataset);

    private bool MayDiscover(Caller caller, Dataset dataset) => Decider.MayDiscover(caller, dataset, Grants);

    private Problem? MayDeliver(HttpContext http, string dataset) =>
        Catalogue.Find(dataset) is not { } known || !(CatalogueRoom.WorksOn(SharingHttp.CallerOf(http), known) || MayDiscover(SharingHttp.CallerOf(http), known)) ? SharingProblems.DatasetUnknown.Because($"There is no dataset {dataset}.", "GET /catalogue lists them.")
        : SharingHttp.CallerOf(http) is var caller && caller.Department == known.Provider && caller.Is(Roles.DataOfficer | Roles.SharingOfficer) ? null
        : SharingProblems.NotYours.Because($"The rows of {dataset} come from {known.Provider}.", "One of its data officers declares the source.", "decree 809, art. 11");

    /// <summary>Violations found in a month (yyyy-MM), and emergency accesses that the department was given.</summary>
    private int Incidents(string department, string month) =>
        Supervision.Cases.Values.Count(c => c.Violation.Department == department && c.Violation.Item != Violations.Emergency && MonthOf(c.FoundAt) == month)
        + Glass.All.Values.Count(g => g.What.Receiver == department && g.ConfirmedAt is { } at && MonthOf(at) == month);

    private static string MonthOf(DateTimeOffset at) => at.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<QualityMeasure> Measures(QualityBook quality, Dataset dataset) =>
        quality.History(dataset.Id) is [.., var last] ? last.Scores.Select(s => new QualityMeasure(s.Key, s.Value, last.At)) : [];

    private T Own<T>(T book)
        where T : IDisposable
    {
        _books.Add(book);
        return book;
    }

    /// <summary>The purposes as they are at this moment; one snapshot for one question.</summary>
    private sealed class PurposesNow(PurposeBook book) : IPurposes
    {
        public bool IsKnown(string code) => book.Tree.IsKnown(code);

        public bool Covers(string granted, string asked) => book.Tree.Covers(granted, asked);

        public Obligations Of(string code) => book.Tree.Of(code);
    }

    /// <summary>Rules look into tables that stand only when the deliveries do.</summary>
    private sealed class LateReferences : IReferences
    {
        public TableReferences? Known { get; set; }

        public ValueTask<IReadOnlySet<UInt128>?> KeysAsync(Lookup look, string column, CancellationToken cancel) => Known?.KeysAsync(look, column, cancel) ?? default;

        public ValueTask<IReadOnlyDictionary<UInt128, string>?> ValuesAsync(Lookup look, string key, string column, CancellationToken cancel) => Known?.ValuesAsync(look, key, column, cancel) ?? default;

        public double? Reachable(Lookup look) => Known?.Reachable(look);
    }
}
