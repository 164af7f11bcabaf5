using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Server.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;
using CityHub.Sharing.Supervision;
using CityHub.Tests.Sharing.Catalogue;
using CityHub.Tests.Sharing.Deliveries;
using Microsoft.Extensions.Time.Testing;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Supervision;

/// <summary>A city whose books supervision reads: catalogue, requests, grants, corrections, disputes, deliveries, releases, all on one real log.</summary>
internal sealed class WatchedCity : IAsyncDisposable
{
    private WatchedCity(CityUnderTest city)
    {
        City = city;
        Rooms = new RequestRoom(
            Log, city.Store.Acts, city.Calendars, city.Grants, city.Catalogue, new RegisteredDepartments(city.Parties), city.Purposes, city.Lists, new ReleaseUse(Log), city.Clock, new Counting(7), s => s.Fill(7));
        Rooms.Requests.Load();
        Rooms.Corrections.Load();
        Rooms.Disputes.Load();
        Deliveries = new DeliveryRoom(new DeliveryBook(Log, city.Clock), city.Catalogue, new FakeTables([]), new FakeCheck(), city.Clock);
        Book = new SupervisionBook(Log, city.Clock);
        Book.Load();
        Room = new SupervisionRoom(Book, new EvidenceReader(Log, Book).Read, () => city.Catalogue.State, city.Catalogue, new RegisteredDepartments(city.Parties), city.Grants, city.Purposes, city.Calendars, city.Clock);
    }

    public CityUnderTest City { get; }

    public IFactLog Log => City.Store.Log;

    public FakeTimeProvider Clock => City.Clock;

    public RequestRoom Rooms { get; }

    public DeliveryRoom Deliveries { get; }

    public SupervisionBook Book { get; }

    public SupervisionRoom Room { get; }

    public static async Task<WatchedCity> StartAsync()
    {
        var city = await CityUnderTest.StartAsync();
        await city.ListAsync("welfare");
        return new WatchedCity(city);
    }

    public Caller As(string person) => City.As(person);

    public void Days(int days) => Clock.Advance(TimeSpan.FromDays(days));

    public DateTimeOffset In(int days) => Clock.GetUtcNow().AddDays(days);

    /// <summary>Looks, as the hub does every hour; a second look finds nothing new.</summary>
    public async Task<IReadOnlyList<ViolationCase>> LookAsync()
    {
        Ok(await Room.ReviewAsync());
        var again = await Room.ReviewAsync();
        Ok(again);
        Assert.Equal(0, again.Value);
        return [.. Book.Cases.Values];
    }

    public async Task<ViolationCase> FoundAsync(string item) => Assert.Single(await LookAsync(), c => c.Violation.Item == item);

    public async Task NothingAsync(string item) => Assert.DoesNotContain(await LookAsync(), c => c.Violation.Item == item);

    public async Task TellAsync(Evidence evidence, string by = "auth-1") => Ok(await Room.RecordAsync(As(by), evidence));

    /// <summary>Of fire, for the register of the police, for rescue; active, and to be destroyed thirty days after its end.</summary>
    public async Task<ShareRequest> GrantedAsync(string dataset = "population")
    {
        var request = await SubmittedAsync(dataset);
        await DoAsync(request, RequestEvent.Grant, "police-sharing", """{"obligations":{"destroyWithin":"P30D"}}""");
        return await DoAsync(request, RequestEvent.Deliver, "police-sharing");
    }

    public async Task<ShareRequest> SubmittedAsync(string dataset = "population")
    {
        if (City.Catalogue.Find(dataset) is null)
            await City.PublishAsync(Entry(dataset) with { Area = "town" });
        Ok(await ListResponsibility.ListAsync(City.Lists, As("police-head"), new ResponsibilityItem(
            $"item-{dataset}", 1, "police", dataset, ["no", "town"], Entry(dataset).Grain, UpdateFrequency.Monthly, 0.9, ["fire"], ["rescue"], "fire law, art. 4", Clock.GetUtcNow(), In(365), "police-officer")));
        var wanted = new Wanted
        {
            Dataset = dataset, Fields = ["no"], Purpose = "rescue", Basis = "fire law, art. 4", Scene = "at the fire", Scope = "the brigade", Necessity = "who is inside", Modes = DeliveryModes.Api,
            Until = Clock.GetUtcNow().AddMonths(3),
        };
        var drafted = await Rooms.Requests.DraftAsync(As("fire-officer"), wanted);
        Ok(drafted);
        await DoAsync(drafted.Value.Request, RequestEvent.SignOff, "fire-sharing");
        return await DoAsync(drafted.Value.Request, RequestEvent.Submit, "fire-officer");
    }

    public async Task<ShareRequest> DoAsync(ShareRequest request, RequestEvent happened, string person, string said = "")
    {
        var done = await Rooms.HappenAsync(request.Id, happened, As(person), Details.Read(Encoding.UTF8.GetBytes(said)).Value);
        Assert.True(done.Ok, done.Problem?.ToString());
        return done.Value;
    }

    public async Task ReleaseAsync(string grant, string receiver) =>
        Ok(await City.Store.Acts.RecordAsync(new Act(ReleaseActs.Opened, Encoding.UTF8.GetBytes($$"""{"grant":"{{grant}}","receiver":"{{receiver}}"}""")), TestContext.Current.CancellationToken));

    public async Task DeliverAsync(string dataset, string person) =>
        Ok(await Deliveries.DeliverAsync(new Delivery(dataset, WriteMode.Replace, person, "upload"), new TextRows(City.Catalogue.Find(dataset)?.Schema() ?? throw new InvalidOperationException(), "1|a"), TestContext.Current.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        Book.Dispose();
        Deliveries.Dispose();
        await Rooms.DisposeAsync();
        await City.DisposeAsync();
    }
}
