using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using CityHub.Bench.Broker;
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

namespace CityHub.Bench.Sharing;

/// <summary>
/// A data folder on which a hub can be started at once: two departments, a register of persons under a grant, made through the same steps as in a city. Rows come by the hub's own door.
/// </summary>
internal static class SharedFolder
{
    public const string Dataset = "register", Purpose = "rescue";
    public const int Persons = 100_000;

    private const string Provider = "police", Receiver = "fire", Bureau = "bureau";
    private static readonly DateTimeOffset Made = new(2026, 3, 2, 8, 0, 0, TimeSpan.FromHours(8));

    public static string KeyOf(long number) => string.Create(CultureInfo.InvariantCulture, $"5001031990{number:D8}");

    /// <summary>Who asks, and for what.</summary>
    public const string Headers = $"CityHub-As: {Receiver}.clerk\r\nCityHub-Purpose: {Purpose}\r\n";

    /// <summary>What a fire brigade sends that asks for one person.</summary>
    public static byte[] RowRequest(long person) =>
        HttpLoad.Request("GET", $"/data/{Dataset}/rows/{KeyOf(person)}", headers: Headers);

    public static async Task MakeAsync(string folder)
    {
        var time = new Then();
        await using var store = EmbeddedStore.Open(folder, time).Value;
        using var parties = new PartyBook(store.Log, time);
        using var calendars = new CalendarBook(store.Log, time);
        using var lists = new ResponsibilityBook(store.Log, time, parties);
        using var catalogue = new CatalogueBook(store.Log, time, calendars, parties, lists);
        lists.Catalogue = catalogue;
        using var purposes = new PurposeBook(store.Log, time, new Numbered());
        using var grants = new GrantBook(store.Log, time);
        Done(await parties.FoundAsync(DepartmentOf(Bureau, null), [$"{Bureau}.a", $"{Bureau}.b"]));
        foreach (var id in new[] { Provider, Receiver })
        {
            Done(await RegisterDepartment.RegisterAsync(parties, Of("a"), DepartmentOf(id, Bureau)));
            foreach (var role in new[] { "clerk", "second", "officer", "head" })
            {
                var person = Person(id, role);
                var proposal = new RoleProposed($"bench-{person.Person}", person.Person, id, person.Roles, Give: true, "bench", "");
                Done(await GiveRole.ProposeAsync(parties, Of("a"), proposal));
                Done(await GiveRole.ConfirmAsync(parties, Of("b"), proposal.Id));
            }
        }

        var change = (await purposes.ProposeAsync(Of("a"), PurposeChangeKind.Define, new Purpose(Purpose, new("救援", "rescue"), "decree 809, art. 20", Obligations.Nothing))).Value;
        Done(await purposes.ApproveAsync(Of("b"), change.Id));
        Done(await DraftDataset.DraftAsync(catalogue, Person(Provider, "clerk"), Entry()));
        foreach (var kind in new[] { AssessDataset.Secrecy, AssessDataset.PersonalInformation })
            Done(await AssessDataset.AssessAsync(catalogue, Person(Provider, "second"), Dataset, kind, passed: true, "bench"));
        Done(await ApproveDataset.ApproveAsync(catalogue, Person(Provider, "head"), Dataset));
        Done(await SubmitDataset.SubmitAsync(catalogue, Person(Provider, "officer"), Dataset));
        Done(await PublishDataset.PublishAsync(catalogue, Of("a"), Dataset));
        Done(await grants.MakeAsync(Granted()));
    }

    /// <summary>A hundred thousand persons, by the door that departments deliver through.</summary>
    public static async Task DeliverAsync(IPEndPoint hub)
    {
        var text = new StringBuilder("id,name,born,area,income,size\n");
        for (var i = 0; i < Persons; i++)
            text.Append(CultureInfo.InvariantCulture, $"{KeyOf(i)},王小明,{1940 + (i % 70)}-{1 + (i % 12):D2}-{1 + (i % 28):D2},500103001002,{i * 131 % 100_000},{1 + (i % 6)}\n");
        var (status, answer) = await HttpLoad.OnceAsync(hub, HttpLoad.Request("PUT", $"/datasets/{Dataset}/deliveries", text.ToString(), "text/csv", $"CityHub-As: {Provider}.clerk\r\n"));
        if (status != 200)
            throw new InvalidOperationException($"The delivery is answered {status}: {Encoding.UTF8.GetString(answer)}");
    }

    private static void Done<T>(Result<T> result)
    {
        if (result.Problem is { } problem)
            throw new InvalidOperationException(problem.ToString());
    }

    private static Caller Of(string who) => new($"{Bureau}.{who}", Bureau, Roles.Authority);

    private static Caller Person(string department, string role) => new($"{department}.{role}", department, role switch { "clerk" or "second" => Roles.DataOfficer, "officer" => Roles.SharingOfficer, _ => Roles.Head });

    private static Department DepartmentOf(string id, string? superior) => new(id, new(id, id), "990100", 3, superior) { SharingOfficer = superior is null ? $"{id}.a" : $"{id}.officer", Head = superior is null ? $"{id}.b" : $"{id}.head" };

    private static Dataset Entry() => new()
    {
        Id = Dataset, Version = 1, Provider = Provider, Title = new("人口登记", "register of persons"), Abstract = new("人口登记", "register of persons"), Class = SharingClass.Conditional, Conditions = "范围：救援；用途：救援", LegalBasis = "decree 809, art. 14",
        Modes = DeliveryModes.Api, Frequency = UpdateFrequency.Daily, Key = "id", Subject = "id", Area = "area",
        Fields =
        [
            new("id", ColumnType.Text, new("号码", "number")) { Nullable = false, Personal = true }, new("name", ColumnType.Text, new("姓名", "name")) { Personal = true }, new("born", ColumnType.Date, new("出生", "born")), new("area", ColumnType.Text, new("区域", "area")),
            new("income", ColumnType.Integer, new("收入", "income")), new("size", ColumnType.Integer, new("户口", "household")),
        ],
    };

    private static Grant Granted() => new()
    {
        Id = "bench", Version = 1, Dataset = Dataset, Provider = Provider, Receiver = Receiver, Rights = Rights.Obtain, Purpose = Purpose, Modes = DeliveryModes.Api,
        Obligations = Obligations.Nothing with { Fields = ["id", "born", "area", "income"], Onward = false, Masks = ImmutableSortedDictionary<string, MaskKind>.Empty.Add("income", MaskKind.Coarse) },
        From = Made, Until = Made.AddYears(20), Basis = "decree 809, art. 20", SignedBy = $"{Provider}.officer",
    };

    /// <summary>A day whose calendar comes with the hub, whenever the bench runs.</summary>
    private sealed class Then : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Made;
    }

    private sealed class Numbered : IIdSource
    {
        private int _last;

        public Guid Next() => new(++_last, 0, 0, new byte[8]);
    }
}
