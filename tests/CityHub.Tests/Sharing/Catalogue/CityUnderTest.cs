using CityHub.Core.Grains;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Catalogue;

/// <summary>A small city on a real store with a false clock: an authority, three departments and their people. Can be closed and opened again.</summary>
internal sealed class CityUnderTest : IAsyncDisposable
{
    public static readonly Caller Director = new("auth-1", "data-bureau", Roles.Authority), Deputy = new("auth-2", "data-bureau", Roles.Authority);

    private readonly TestFolder _folder = new();
    private readonly EmbeddedOptions _options;

    private CityUnderTest(EmbeddedOptions options)
    {
        _options = options;
        (Store, Parties, Calendars, Lists, Catalogue, Grants, Purposes, Glass) = Open();
    }

    public string Folder => _folder.Path;

    /// <summary>A Wednesday before no holiday.</summary>
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 4, 2, 0, 0, TimeSpan.Zero));

    public EmbeddedStore Store { get; private set; }

    public PartyBook Parties { get; private set; }

    public CalendarBook Calendars { get; private set; }

    public ResponsibilityBook Lists { get; private set; }

    public CatalogueBook Catalogue { get; private set; }

    public GrantBook Grants { get; private set; }

    public PurposeBook Purposes { get; private set; }

    public BreakGlassBook Glass { get; private set; }

    public static async Task<CityUnderTest> StartAsync(EmbeddedOptions? options = null)
    {
        var city = new CityUnderTest(options ?? new EmbeddedOptions());
        Assert.Null((await city.Parties.FoundAsync(new Department("data-bureau", new Words("数据局", "Data Bureau"), "990100", 3, null), ["auth-1", "auth-2"])).Problem);
        foreach (var id in new[] { "police", "welfare", "fire" })
        {
            Assert.Null((await RegisterDepartment.RegisterAsync(city.Parties, Director, new Department(id, new Words(id, id), "990100", 3, null))).Problem);
            foreach (var (role, name) in new[] { (Roles.DataOfficer, "officer"), (Roles.SharingOfficer, "sharing"), (Roles.Head, "head") })
                await city.AppointAsync($"{id}-{name}", id, role);
        }

        await city.ListAsync("rescue");
        return city;
    }

    /// <summary>A purpose that may be asked for.</summary>
    public async Task ListAsync(string code)
    {
        var change = await Purposes.ProposeAsync(Director, PurposeChangeKind.Define, new Purpose(code, new Words(code, code), "《中华人民共和国消防法》第四条", Obligations.Nothing));
        Ok(change);
        Ok(await Purposes.ApproveAsync(Deputy, change.Value.Id));
    }

    public async Task AppointAsync(string person, string? department, Roles roles)
    {
        var id = $"p-{Parties.State.Proposals.Count}-{person}-{(int)roles}";
        Assert.Null((await GiveRole.ProposeAsync(Parties, Director, new RoleProposed(id, person, department, roles, true, "appointed", ""))).Problem);
        Assert.Null((await GiveRole.ConfirmAsync(Parties, Deputy, id)).Problem);
    }

    public Caller As(string person) => Parties.CallerOf(person);

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        (Store, Parties, Calendars, Lists, Catalogue, Grants, Purposes, Glass) = Open();
    }

    public async Task<Dataset> PublishAsync(Dataset entry)
    {
        var d = entry.Provider;
        Ok(await DraftDataset.DraftAsync(Catalogue, As($"{d}-officer"), entry));
        Ok(await AssessDataset.AssessAsync(Catalogue, As($"{d}-sharing"), entry.Id, AssessDataset.Secrecy, true, "nothing secret"));
        if (entry.Fields.Any(f => f.Personal) || entry.Subject is not null)
            Ok(await AssessDataset.AssessAsync(Catalogue, As($"{d}-sharing"), entry.Id, AssessDataset.PersonalInformation, true, "needed, and no more than needed"));
        Ok(await ApproveDataset.ApproveAsync(Catalogue, As($"{d}-head"), entry.Id));
        Ok(await SubmitDataset.SubmitAsync(Catalogue, As($"{d}-sharing"), entry.Id));
        Ok(await PublishDataset.PublishAsync(Catalogue, Director, entry.Id));
        return Catalogue.Find(entry.Id) ?? throw new InvalidOperationException("It is not there.");
    }

    public static Dataset Entry(string id, string provider = "police", params IReadOnlyList<DataField> fields) => new()
    {
        Id = id, Version = 1, Provider = provider, Title = new Words("常住人口登记", "Population register"), Abstract = new Words("每人一行", "One row for each resident"),
        Fields = fields.Count > 0 ? fields : [new DataField("no", ColumnType.Text, new Words("编号", "number")) { Nullable = false }, new DataField("town", ColumnType.Text, new Words("街镇", "town"))],
        Class = SharingClass.Conditional, Conditions = "范围：履职所需字段；用途：申请所列用途", Modes = DeliveryModes.Api | DeliveryModes.File, Frequency = UpdateFrequency.Daily, Key = fields.Count > 0 ? null : "no",
        Grain = new Grain(TimeGrain.Day, SpaceGrain.Point, EntityGrain.Group),
    };

    public static DataField Field(string name, string? element = null, string? lead = null, ColumnType type = ColumnType.Text) => new(name, type, new Words(name, name), element, lead);

    public static void Ok<T>(Result<T> result) => Assert.Null(result.Problem);

    public static Problem Refused<T>(Result<T> result, ProblemKind kind)
    {
        Assert.NotNull(result.Problem);
        Assert.Equal(kind.Code, result.Problem.Code);
        Assert.NotEmpty(result.Problem.Detail);
        return result.Problem;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private (EmbeddedStore, PartyBook, CalendarBook, ResponsibilityBook, CatalogueBook, GrantBook, PurposeBook, BreakGlassBook) Open()
    {
        var store = EmbeddedStore.Open(_folder.Path, Clock, _options).Value;
        var parties = new PartyBook(store.Log, Clock);
        parties.Load();
        var calendars = new CalendarBook(store.Log, Clock);
        calendars.Load();
        var lists = new ResponsibilityBook(store.Log, Clock, parties);
        lists.Load();
        var catalogue = new CatalogueBook(store.Log, Clock, calendars, parties, lists);
        catalogue.Load();
        lists.Catalogue = catalogue;
        var grants = new GrantBook(store.Log, Clock);
        grants.Load();
        var purposes = new PurposeBook(store.Log, Clock, new Counting((int)store.Log.Head));
        purposes.Load();
        var glass = new BreakGlassBook(store.Log, Clock, parties, catalogue, grants, purposes);
        glass.Load();
        return (store, parties, calendars, lists, catalogue, grants, purposes, glass);
    }

    internal sealed class Counting(int from) : IIdSource
    {
        private int _next = from * 1000;

        public Guid Next() => new(++_next, 0, 0, new byte[8]);
    }
}
