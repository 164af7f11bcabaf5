using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Grains;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.DemoCity.Registers;
using CityHub.Server.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;

namespace CityHub.Server.DemoCity;

/// <summary>
/// The departments of 枢州 and what they share: who works there, what they keep, which lists they stand under, and requests in every state. Everything goes the way that a real city
/// goes, step by step and by the right hands; nothing is put into a book from outside. Three stories are among them: the fire brigade asks for the pressure of hydrants, it sees whether a plant on fire still draws power, and civil affairs checks double claims.
/// </summary>
internal sealed class SharingCity(SharingRooms rooms, Registers.Registers registers, TimeProvider time)
{
    public const string Authority = "data-bureau";

    private static readonly (string Id, string Zh, string En)[] Departments =
    [
        ("public-security", "枢州市公安局", "Public Security"), ("civil-affairs", "枢州市民政局", "Civil Affairs"), ("health", "枢州市卫生健康委员会", "Health"), ("human-resources", "枢州市人力资源和社会保障局", "Human Resources"),
        ("ecology", "枢州市生态环境局", "Ecology"), ("housing", "枢州市住房和城乡建设委员会", "Housing"), ("fire-rescue", "枢州市消防救援支队", "Fire and Rescue"),
    ];

    private static readonly (string Code, string Zh, string En)[] Purposes =
    [
        ("open", "数据开放", "open data"), ("safety", "公共安全", "public safety"), ("safety/fire", "火灾扑救", "fighting fires"), ("welfare", "社会救助", "welfare"), ("welfare/double-claims", "核查重复领取", "checking double claims"), ("statistics", "统计", "statistics"),
        ("health", "公共卫生", "public health"), ("health/epidemic", "疫情和环境健康监测", "epidemics and environmental health"), ("health/vaccination", "疫苗接种", "vaccination"), ("housing", "住房保障", "housing"), ("environment", "生态环境监管", "care of the environment"),
    ];

    private readonly DateTimeOffset _now = time.GetUtcNow();

    /// <summary>Builds what is not there yet. On a folder that has it, only the departments' keys are handed in again.</summary>
    /// <param name="keys">The folder in which the demo keeps the data keys of its departments; a city keeps them elsewhere.</param>
    /// <param name="told">Hears what is being done.</param>
    public async ValueTask<Problem?> BuildAsync(string keys, Action<string> told, CancellationToken cancel)
    {
        Unlock(keys);
        if (rooms.Parties.Departments.Any())
            return null;
        foreach (var step in new Func<CancellationToken, ValueTask<Problem?>>[] { PeopleAsync, PurposesAsync, CatalogueAsync, RulesAsync, ListsAsync, c => RowsAsync(told, c), OpenDataAsync, RequestsAsync })
            if (await step(cancel) is { } problem)
                return problem;
        return null;
    }

    public static Caller Person(string department, string role) => new($"{department}.{role}", department, role switch { "clerk" or "second" => Roles.DataOfficer, "officer" => Roles.SharingOfficer, _ => Roles.Head });

    private static Caller Bureau(string who) => new($"{Authority}.{who}", Authority, Roles.Authority);

    private void Unlock(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (id, _, _) in Departments)
        {
            var file = Path.Combine(folder, id + ".data");
            if (!File.Exists(file))
                File.WriteAllBytes(file, RandomNumberGenerator.GetBytes(32));
            rooms.Keys.Unlock(id, File.ReadAllBytes(file));
        }
    }

    private async ValueTask<Problem?> PeopleAsync(CancellationToken cancel)
    {
        var parties = rooms.Parties;
        var bureau = new Department(Authority, new Words("枢州市数据局", "Data Bureau"), "990100", 3, null) { SharingOfficer = $"{Authority}.a", Head = $"{Authority}.b" };
        if ((await parties.FoundAsync(bureau, [$"{Authority}.a", $"{Authority}.b"])).Problem is { } unfounded)
            return unfounded;
        foreach (var (id, zh, en) in Departments)
        {
            var department = new Department(id, new Words(zh, en), "990100", 3, Authority) { SharingOfficer = $"{id}.officer", Head = $"{id}.head" };
            if ((await RegisterDepartment.RegisterAsync(parties, Bureau("a"), department)).Problem is { } unregistered)
                return unregistered;
            foreach (var role in new[] { "clerk", "second", "officer", "head" })
            {
                var person = Person(id, role);
                var proposal = new RoleProposed($"demo-{person.Person}", person.Person, id, person.Roles, Give: true, "demo", "");
                if ((await GiveRole.ProposeAsync(parties, Bureau("a"), proposal)).Problem is { } unproposed)
                    return unproposed;
                if ((await GiveRole.ConfirmAsync(parties, Bureau("b"), proposal.Id)).Problem is { } unconfirmed)
                    return unconfirmed;
            }
        }

        return null;
    }

    private async ValueTask<Problem?> PurposesAsync(CancellationToken cancel)
    {
        foreach (var (code, zh, en) in Purposes)
        {
            var purpose = new Purpose(code, new Words(zh, en), "《政务数据共享条例》第二十条", Obligations.Nothing);
            if (!(await rooms.Purposes.ProposeAsync(Bureau("a"), PurposeChangeKind.Define, purpose)).TryGet(out var change, out var problem) || !(await rooms.Purposes.ApproveAsync(Bureau("b"), change.Id)).TryGet(out _, out problem))
                return problem;
        }

        return null;
    }

    /// <summary>Drafted by the clerk, assessed by another, approved by the head, submitted by the officer, published by the authority.</summary>
    private async ValueTask<Problem?> CatalogueAsync(CancellationToken cancel)
    {
        foreach (var entry in registers.Entries)
        {
            var (book, of) = (rooms.Catalogue, entry.Provider);
            if ((await DraftDataset.DraftAsync(book, Person(of, "clerk"), entry)).Problem is { } undrafted)
                return undrafted;
            foreach (var kind in new[] { AssessDataset.Secrecy, AssessDataset.PersonalInformation })
                if ((await AssessDataset.AssessAsync(book, Person(of, "second"), entry.Id, kind, passed: true, "演示：无国家秘密；按最小必要共享")).Problem is { } unassessed)
                    return unassessed;
            if ((await ApproveDataset.ApproveAsync(book, Person(of, "head"), entry.Id)).Problem is { } unapproved)
                return unapproved;
            if ((await SubmitDataset.SubmitAsync(book, Person(of, "officer"), entry.Id)).Problem is { } unsubmitted)
                return unsubmitted;
            if ((await PublishDataset.PublishAsync(book, Bureau("a"), entry.Id)).Problem is { } unpublished)
                return unpublished;
        }

        return null;
    }

    /// <summary>Before the first row: a delivery is judged by the rules that stand when it comes.</summary>
    private async ValueTask<Problem?> RulesAsync(CancellationToken cancel)
    {
        foreach (var entry in registers.Entries)
            if ((await rooms.Quality.DeclareAsync(entry.QualityRules ?? entry.Id, RegisterRules.All[entry.Id], Person(entry.Provider, "clerk").Person)).Problem is { } problem)
                return problem;
        return null;
    }

    private async ValueTask<Problem?> ListsAsync(CancellationToken cancel)
    {
        foreach (var entry in registers.Entries)
        {
            var item = new ResponsibilityItem(
                $"item-{entry.Id}", 1, entry.Provider, entry.Id, [.. entry.Fields.Select(f => f.Name)], entry.Grain, entry.Frequency, registers.All.FirstOrDefault(r => r.Entry.Id == entry.Id)?.Target ?? 0.95, entry.Open ? ["public", "*"] : [.. Departments.Select(d => d.Id)],
                [.. Purposes.Where(p => !p.Code.Contains('/', StringComparison.Ordinal)).Select(p => p.Code)], "《政务数据共享条例》第十三条", _now.AddDays(-1), _now.AddYears(3), Person(entry.Provider, "clerk").Person);
            if ((await ListResponsibility.ListAsync(rooms.Responsibilities, Person(entry.Provider, "officer"), item)).Problem is { } problem)
                return problem;
        }

        return null;
    }

    private async ValueTask<Problem?> RowsAsync(Action<string> told, CancellationToken cancel)
    {
        foreach (var register in registers.All)
        {
            await using var rows = register.Rows();
            var delivery = new Delivery(register.Entry.Id, WriteMode.Replace, Person(register.Entry.Provider, "clerk").Person, "demo:" + register.Entry.Id) { AsOf = _now };
            if (!(await rooms.Deliveries.DeliverAsync(delivery, rows, cancel)).TryGet(out var outcome, out var problem))
                return problem;
            told(string.Create(CultureInfo.InvariantCulture, $"{register.Entry.Title.Zh} ({register.Entry.Id}): {outcome.Taken} rows, score {outcome.Score:0.0000}, {outcome.Faults.Count} faults fed back"));
        }

        return null;
    }

    /// <summary>What is open stands under a grant to the public, signed by its provider like any other.</summary>
    private async ValueTask<Problem?> OpenDataAsync(CancellationToken cancel)
    {
        foreach (var entry in registers.All.Select(r => r.Entry).Where(e => e.Open))
        {
            var grant = new Grant
            {
                Id = $"open-{entry.Id}", Version = 1, Dataset = entry.Id, Provider = entry.Provider, Receiver = Decider.Public, Rights = Rights.Obtain | Rights.Use, Purpose = "open",
                Modes = DeliveryModes.Api | DeliveryModes.File, Obligations = new Obligations(), From = _now, Until = _now.AddYears(2), Basis = "《政务数据共享条例》第十四条", Item = $"item-{entry.Id}", SignedBy = Person(entry.Provider, "officer").Person,
            };
            if ((GrantCheck.Executable(grant, rooms.Catalogue.Find(entry.Id) ?? entry, rooms.Catalogue, rooms.Purposes) ?? rooms.Responsibilities.Beyond(grant) ?? (await rooms.Grants.MakeAsync(grant)).Problem) is { } problem)
                return problem;
        }

        return null;
    }

    /// <summary>Each story by itself: where one cannot go on, such as when its clock would reach into a year without a calendar, the others do, and the first reason is said.</summary>
    private async ValueTask<Problem?> RequestsAsync(CancellationToken cancel)
    {
        Problem? first = null;
        foreach (var story in RequestStories.All)
            first = await TellAsync(story) is { } problem && first is null ? problem : first;
        return first;
    }

    private async ValueTask<Problem?> TellAsync(RequestStory story)
    {
        if (rooms.Catalogue.Find(story.Dataset) is not { } dataset)
            return CatalogueProblems.Unknown(story.Dataset);
        var wanted = new Wanted
        {
            Dataset = story.Dataset, Fields = story.Fields, Purpose = story.Purpose, Basis = "《政务数据共享条例》第二十条", Scene = story.Scene, Scope = "本部门办案人员", Necessity = story.Necessity,
            Modes = dataset.Modes & ~DeliveryModes.Batch, Until = time.GetUtcNow() + (story.For ?? TimeSpan.FromDays(365)),
        };
        if (!(await rooms.Requests.Requests.DraftAsync(Person(story.Applicant, "clerk"), wanted)).TryGet(out var drafted, out var problem))
            return problem;
        foreach (var step in story.Steps)
            if (await HappenAsync(drafted.Request.Id, step.Happened, By(step.Happened, drafted.Request), step.Said) is { } refused)
                return refused;
        return null;
    }

    /// <summary>Whose the event is, by the machine: what an officer need not do, a clerk does.</summary>
    private static Caller By(RequestEvent happened, ShareRequest request)
    {
        var words = RequestMachine.Of(happened);
        var role = words.Roles.HasFlag(Roles.DataOfficer) ? "clerk" : "officer";
        return words.Side switch
        {
            Side.Applicant => Person(request.Applicant, role),
            Side.Authority => Bureau("a"),
            Side.Provider or Side.Supervising or Side.Either or _ => Person(request.Provider, role),
        };
    }

    private async ValueTask<Problem?> HappenAsync(string id, RequestEvent happened, Caller by, string said) =>
        !Details.Read(Encoding.UTF8.GetBytes(said)).TryGet(out var details, out var problem) ? problem : (await rooms.Requests.HappenAsync(id, happened, by, details)).Problem;
}
