using CityHub.Core.Facts;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Requests;

/// <summary>A small town for tests: civil affairs (mzj) has a register, the clinics' office (wjw) wants some of it, the data bureau (dsj) watches. Real storage, false clock.</summary>
internal sealed class Town : IDepartments, ICatalogue, IPurposes, IResponsibilities, IGrantUse, IIdSource, IDisposable
{
    public const string Dataset = "households", Free = "clinics-list", Secret = "adoptions";

    public static readonly Caller
        Clerk = new("chen", "wjw", Roles.DataOfficer), Officer = new("qian", "wjw", Roles.SharingOfficer), Giver = new("sun", "mzj", Roles.SharingOfficer), GiverClerk = new("zhou", "mzj", Roles.DataOfficer),
        Authority = new("wang", "dsj", Roles.Authority), Authority2 = new("li", "dsj", Roles.Authority), Superior = new("hao", "sdsj", Roles.SuperiorAuthority), Auditor = new("wei", "sjj", Roles.Auditor),
        Stranger = new("mo", "zjj", Roles.DataOfficer | Roles.SharingOfficer | Roles.Head);

    private readonly Dictionary<string, Department> _departments = new Department[]
    {
        new("wjw", new("卫健委", "health"), "500100", 3, "sf") { SharingOfficer = "qian", Head = "zhao" },
        new("mzj", new("民政局", "civil affairs"), "500100", 3, "sf") { SharingOfficer = "sun", Head = "feng" },
        new("dsj", new("大数据局", "data bureau"), "500100", 3, "sdsj") { SharingOfficer = "wang", Head = "tang" },
        new("sdsj", new("省大数据局", "provincial data bureau"), "500000", 2, null) { SharingOfficer = "hao", Head = "bao" },
        new("zjj", new("住建局", "housing"), "500100", 3, "sf"),
        new("qmz", new("区民政局", "district civil affairs"), "500103", 4, "mzj") { SharingOfficer = "xu", Head = "jin" },
        new("smz", new("省民政厅", "provincial civil affairs"), "500000", 2, null) { SharingOfficer = "gao", Head = "lin" },
        new("sf", new("市政府", "city"), "500100", 3, null) { Head = "mayor" },
    }.ToDictionary(d => d.Id);

    private readonly Dictionary<string, Dataset> _datasets = new[]
    {
        Entry(Dataset, SharingClass.Conditional, "mzj"), Entry(Free, SharingClass.Unconditional, "mzj"), Entry(Secret, SharingClass.Withheld, "mzj") with { LegalBasis = "收养法 art. 22" },
        Entry("province", SharingClass.Conditional, "smz"),
    }.ToDictionary(d => d.Id);

    private int _ids;

    public Town(string? folder = null, DateTimeOffset? now = null)
    {
        Folder = folder is null ? new TestFolder() : null;
        Time = new FakeTimeProvider(now ?? new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero)); // a Monday, 9:00 in Shanghai
        Store = EmbeddedStore.Open(folder ?? Folder?.Path ?? "", Time).Value;
        Open();
    }

    public TestFolder? Folder { get; }

    public FakeTimeProvider Time { get; }

    public EmbeddedStore Store { get; }

    public CalendarBook Calendars { get; private set; }

    public GrantBook Grants { get; private set; }

    public RequestBook Requests { get; private set; }

    public Func<Grant, Problem?> Responsibility { get; set; } = _ => null;

    public Dictionary<string, DateTimeOffset> Used { get; } = [];

    public HashSet<string> Negative { get; } = [];

    public IEnumerable<Dataset> Published => _datasets.Values;

    public long Version => 1;

    string IDepartments.Authority => "dsj";

    /// <summary>The same storage read again, as a start would.</summary>
    [MemberNotNull(nameof(Calendars), nameof(Grants), nameof(Requests))]
    public void Open()
    {
        Calendars = new CalendarBook(Store.Log, Time);
        Calendars.Load();
        Grants = new GrantBook(Store.Log, Time);
        Grants.Load();
        Requests = new RequestBook(Store.Log, Time, this, new RequestWorld(this, this, this, this, this, Calendars));
        Requests.Load();
    }

    public ShareRequest Request(string id) => Requests.Find(id) ?? throw new InvalidOperationException($"There is no request {id}.");

    public void Put(Dataset dataset) => _datasets[dataset.Id] = dataset;

    public void Put(Department department) => _departments[department.Id] = department;

    public static Wanted Wanted(string dataset = Dataset) => new()
    {
        Dataset = dataset,
        Fields = ["id", "income"],
        Purpose = "health/subsidy",
        Basis = "社会救助暂行办法 art. 9",
        Scene = "checking of claims at the counter",
        Scope = "the clinics' office alone",
        Necessity = "income decides the claim",
        Modes = DeliveryModes.Api,
        Until = new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero),
        Area = "500103",
    };

    public async Task<ShareRequest> DraftAsync(string dataset = Dataset) => (await Requests.DraftAsync(Clerk, Wanted(dataset))).Value.Request;

    public ValueTask<Result<ShareRequest>> TryAsync(string id, RequestEvent happened, Caller by, string? said = null) =>
        Requests.HappenAsync(id, happened, by, Details.Read(Encoding.UTF8.GetBytes(said ?? Body(happened))).Value);

    /// <summary>The event by whoever may, with a body that says enough.</summary>
    public async Task<ShareRequest> DoAsync(string id, params RequestEvent[] events)
    {
        foreach (var happened in events)
        {
            var result = await TryAsync(id, happened, WhoMay(happened));
            Assert.True(result.Ok, $"{happened}: {result.Problem}");
        }

        return Requests.Find(id) ?? throw new InvalidOperationException();
    }

    public async Task<ShareRequest> ActiveAsync()
    {
        var request = await DraftAsync();
        return await DoAsync(request.Id, RequestEvent.SignOff, RequestEvent.Submit, RequestEvent.Grant, RequestEvent.Deliver);
    }

    public static Caller WhoMay(RequestEvent happened) => RequestMachine.Of(happened).Side switch
    {
        Side.Applicant or Side.Either => Officer,
        Side.Provider or Side.Supervising => Giver,
        Side.Clock => RequestRules.TheClock,
        _ => Authority,
    };

    public static string Body(RequestEvent happened) => happened switch
    {
        RequestEvent.AskMaterials => """{"missing":["the claim form","the decision of the head"]}""",
        RequestEvent.Supplement => $$"""{"documents":[{"name":"form","sha256":"{{new string('a', 64)}}"}]}""",
        RequestEvent.AskExtension or RequestEvent.Suspend or RequestEvent.Rectify or RequestEvent.Resume or RequestEvent.Terminate => """{"reason":"because"}""",
        RequestEvent.Refuse => """{"code":"purpose-not-listed","text":"The purpose is not listed.","basis":"decree 809, art. 21","wayForward":"Ask for the listed purpose."}""",
        RequestEvent.Negotiate or RequestEvent.File => """{"text":"agreed"}""",
        RequestEvent.ProveDisposal => $$"""{"method":"overwritten","documents":[{"name":"proof","sha256":"{{new string('b', 64)}}"}]}""",
        RequestEvent.Grant => """{"obligations":{"masks":{"id":"pseudonym"},"destroyWithin":"P30D"}}""",
        _ => "",
    };

    /// <summary>The year comes into the calendar, as two people of the authority bring it.</summary>
    public async Task AddYearAsync(int year)
    {
        var text = $$"""{"jurisdiction":"cn","year":{{year}},"source":"notice","daysOff":[{"name":"元旦","from":"{{year}}-01-01","to":"{{year}}-01-03"}],"workdays":[]}""";
        var proposed = (await Calendars.ProposeAsync(Authority, Encoding.UTF8.GetBytes(text))).Value;
        Assert.Null((await Calendars.ApproveAsync(Authority2, "cn", year, new AsRead(proposed.Version, proposed.Hash))).Problem);
    }

    public DateOnly DueDay(ShareRequest request) => request.Clock is { } clock ? Clock.DayOf(clock.Deadline.Due, Calendars.Profile.TimeZone) : default;

    public Department? Find(string id) => _departments.GetValueOrDefault(id);

    Dataset? ICatalogue.Find(string id) => _datasets.GetValueOrDefault(id);

    public Dataset? OfType(string tenant, string entityType) => null;

    public bool IsNegative(string dataset) => Negative.Contains(dataset);

    public bool IsKnown(string code) => true;

    public bool Covers(string granted, string asked) => asked == granted || asked.StartsWith(granted + "/", StringComparison.Ordinal);

    public Obligations Of(string code) => Obligations.Nothing;

    public Problem? Beyond(Grant grant) => Responsibility(grant);

    public DateTimeOffset? LastUse(string grant) => Used.TryGetValue(grant, out var at) ? at : null;

    public Guid Next() => new(++_ids + (int)Store.Log.Head * 1000, 0, 0, new byte[8]);

    public void Dispose()
    {
        Calendars.Dispose();
        Grants.Dispose();
        Requests.Dispose();
        Store.Dispose();
        Folder?.Dispose();
    }

    private static Dataset Entry(string id, SharingClass sharing, string provider) => new()
    {
        Id = id,
        Version = 1,
        Provider = provider,
        Title = new("家庭", "households"),
        Abstract = new("家庭", "households"),
        Fields =
        [
            new("id", ColumnType.Text, new("编号", "id")) { Personal = true }, new("income", ColumnType.Number, new("收入", "income")), new("area", ColumnType.Text, new("区划", "area")),
            new("phone", ColumnType.Text, new("电话", "phone")) { Personal = true },
        ],
        Class = sharing,
        Modes = DeliveryModes.Api | DeliveryModes.File,
        Frequency = UpdateFrequency.Daily,
        Area = "area",
        Key = "id",
        Subject = "id",
        State = DatasetState.Published,
    };
}
