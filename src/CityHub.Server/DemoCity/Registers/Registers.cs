using System.Globalization;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Server.DemoCity.Registers;

/// <summary>A register of a department: its entry in the catalogue, and its rows.</summary>
/// <param name="Count">Of the numbers that rows are made from, from 0.</param>
/// <param name="Write">Puts the row of a number, or nothing where there is none, and says the rule that finds each fault that it puts.</param>
internal sealed record Register(Dataset Entry, int Count, Action<BatchBuilder, int, Action<string>> Write)
{
    /// <summary>The mean score that a month has to reach.</summary>
    public double Target { get; init; } = 0.95;

    public IRows Rows() => new GeneratedRows(Entry.Schema(), Count, (row, n) => Write(row, n, _ => { }));

    /// <summary>The faults that were put, by the number of the row, from 1, and the rule that finds it.</summary>
    public IReadOnlyList<(long Row, string Rule)> Seeded()
    {
        var (batch, before, seeded) = (new BatchBuilder(Entry.Schema()), 0L, new List<(long, string)>());
        for (var n = 0; n < Count; n++)
        {
            if (batch.Full)
            {
                before += batch.Rows;
                batch.Clear();
            }

            Write(batch, n, rule => seeded.Add((before + batch.Rows + 1, rule)));
        }

        return seeded;
    }
}

/// <summary>
/// What the departments of 枢州 keep: people and households (公安), benefits (民政), clinics and visits (卫健), insurance (人社), permits and hydrants (住建). The same person has
/// the same number in all of them, and all of them have the faults that registers have: about one row in a hundred.
/// </summary>
internal sealed class Registers
{
    private static readonly (string Name, double Monthly)[] Benefits = [("最低生活保障", 720), ("残疾人补贴", 120), ("高龄津贴", 150), ("临时救助", 1200), ("孤儿基本生活费", 1400)];
    private static readonly string[] Chapters = ["J00-J99", "I00-I99", "K00-K93", "M00-M99", "E00-E90", "S00-T98", "F00-F99", "O00-O99"]; // ICD-10
    internal static readonly string[] PermitKinds = ["建设工程规划许可", "施工许可", "竣工验收备案", "房屋租赁备案"];

    internal static readonly string[] BenefitKinds = [.. Benefits.Select(b => b.Name)];

    private readonly Citizens _people;
    private readonly Shuzhou _city;

    public Registers(Shuzhou city, Citizens people)
    {
        (_city, _people) = (city, people);
        All = [Population(), Households(), BenefitPayments(), Clinics(), Visits(), Insurance(), Permits(), Hydrants()];
    }

    public IReadOnlyList<Register> All { get; }

    /// <summary>What they catalogue: their registers, and of the living city what ecology measures at dischargers, which comes as entities and is delivered by nobody.</summary>
    public IEnumerable<Dataset> Entries => [.. All.Select(r => r.Entry), PlantPower];

    public static Dataset PlantPower { get; } = Entry(
        "plant-power", "ecology", "排污单位用电监测", "Power drawn at dischargers", "排污单位用电的现状：每块电表一个实体。", "What dischargers draw now: one entity for each meter.", SharingClass.Conditional, Sensitivity.Internal, UpdateFrequency.Continuous,
        [
            Plain("id", ColumnType.Text, "标识", "id", nullable: false), Plain("active_power_kw", ColumnType.Number, "有功功率（kW）", "active power, kW") with { Attribute = "https://uri.etsi.org/ngsi-ld/default-context/totalActivePower" },
            Plain("longitude", ColumnType.Number, "经度", "longitude") with { Attribute = Location }, Plain("latitude", ColumnType.Number, "纬度", "latitude") with { Attribute = Location },
            Plain("observed_at", ColumnType.Instant, "观测时间", "observed at") with { Attribute = EntityTerms.ObservedAt },
        ]) with
    {
        Source = DatasetSource.Entities, EntityType = "https://uri.etsi.org/ngsi-ld/default-context/ThreePhaseAcMeasurement", Key = "id", Time = "observed_at", Longitude = "longitude", Latitude = "latitude", Format = "NGSI-LD",
        Modes = DeliveryModes.Api | DeliveryModes.File | DeliveryModes.Subscription, Themes = ["environment"],
    };

    private const string Location = "https://uri.etsi.org/ngsi-ld/location";

    private Register Population() => new(
        Entry("population", "public-security", "常住人口登记", "Population register", "每人一行：身份号码、姓名、性别、出生日期、户号、住址。", "One row for each resident: number, name, sex, birth, household, address.",
            SharingClass.Conditional, Sensitivity.Core, UpdateFrequency.Daily,
            [
                Personal("id_no", ColumnType.Text, "公民身份号码", "identity number", nullable: false), Personal("name", ColumnType.Text, "姓名", "name"), Personal("sex", ColumnType.Text, "性别", "sex"),
                Personal("birth_date", ColumnType.Date, "出生日期", "date of birth"), Personal("household_no", ColumnType.Text, "户号", "household"),
                Personal("town_code", ColumnType.Text, "所在街镇", "town"), Personal("address", ColumnType.Text, "住址", "address"), Plain("registered_on", ColumnType.Date, "登记日期", "registered on"),
            ]) with { Key = "id_no", Subject = "id_no", Area = "town_code", Themes = ["population"], Grain = new Grain(TimeGrain.Day, SpaceGrain.Point, EntityGrain.Individual) },
        _people.Count, (row, n, fault) =>
        {
            var person = _people[n];
            // Names are missing or padded, the sex is not known, the century slipped, there is no such town, the address is missing.
            var dirt = (_people.Mix(n, 30) % 400) switch { 0 => "name", 1 => "name-blanks", 2 => "sex", 3 => "birth", 4 => "town_code", 5 => "address", _ => null };
            if (dirt is not null)
                fault(dirt);
            row.Text(person.Id)
                .Text(dirt == "name" ? null : dirt == "name-blanks" ? " " + person.Name + "　" : person.Name)
                .Text(dirt == "sex" ? "未知" : person.Female ? "女" : "男")
                .Date(dirt == "birth" ? person.Born.AddYears(-100) : person.Born)
                .Text(Citizens.HouseholdId(person.Household)).Text(dirt == "town_code" ? "000000" : person.Town).Text(dirt == "address" ? null : person.Address)
                .Date(_people.Today.AddDays(-(int)(_people.Mix(n, 31) % 9000)));
        });

    private Register Households() => new(
        Entry("households", "public-security", "家庭户登记", "Households", "每户一行：户主、人数、住址。", "One row for each household: head, size, address.",
            SharingClass.Conditional, Sensitivity.Sensitive, UpdateFrequency.Daily,
            [
                Plain("household_no", ColumnType.Text, "户号", "household", nullable: false), Personal("head_id_no", ColumnType.Text, "户主身份号码", "head of household"), Plain("persons", ColumnType.Integer, "人数", "persons"),
                Plain("adults", ColumnType.Integer, "成年人", "adults"), Plain("minors", ColumnType.Integer, "未成年人", "minors"),
                Plain("town_code", ColumnType.Text, "所在街镇", "town"), Personal("address", ColumnType.Text, "住址", "address"),
            ]) with { Key = "household_no", Subject = "head_id_no", Area = "town_code", Themes = ["population"], Grain = new Grain(TimeGrain.Day, SpaceGrain.Point, EntityGrain.Household) },
        _people.Households, (row, n, fault) =>
        {
            var (first, size) = _people.Household(n);
            var adults = Enumerable.Range(first, size).Count(person => _people[person].Born.AddYears(18) <= _people.Today);
            row.Text(Citizens.HouseholdId(n)).Text(_people[first].Id).Integer(Slips(n, 32, 300, "persons", fault) ? size + 1 : size).Integer(adults).Integer(size - adults).Text(_people.TownCode(n)).Text(_people.AddressOf(n));
        });

    private Register BenefitPayments() => new(
        Entry("benefits", "civil-affairs", "救助和补贴发放", "Benefit payments", "每人每项补贴一行：项目、月额、起止。", "One row for each person and benefit: kind, monthly amount, from and to.",
            SharingClass.Conditional, Sensitivity.Sensitive, UpdateFrequency.Monthly,
            [
                Plain("payment_no", ColumnType.Text, "发放编号", "payment", nullable: false), Personal("id_no", ColumnType.Text, "公民身份号码", "identity number"), Personal("kind", ColumnType.Text, "项目", "kind"),
                Personal("monthly_cny", ColumnType.Number, "月额（元）", "monthly amount, CNY"), Plain("from_date", ColumnType.Date, "起始", "from"), Plain("to_date", ColumnType.Date, "截止", "to"), Plain("town_code", ColumnType.Text, "所在街镇", "town"),
            ]) with { Key = "payment_no", Subject = "id_no", Area = "town_code", Time = "from_date", Themes = ["welfare"] },
        _people.Count, (row, n, fault) =>
        {
            var draw = _people.Mix(n, 33) % 100;
            if (draw >= 6)
                return;
            var person = _people[n];
            var (name, amount) = Benefits[draw % (uint)Benefits.Length];
            var from = _people.Today.AddDays(-(int)(_people.Mix(n, 34) % 900));
            row.Text(string.Create(CultureInfo.InvariantCulture, $"B{n:0000000}")).Text(person.Id).Text(name)
                .Number(Slips(n, 35, 250, "monthly_cny", fault) ? amount * 100 : amount) // a slip of the comma
                .Date(from).Date(from.AddDays(365)).Text(person.Town);
        });

    private Register Clinics() => new(
        Entry("clinics", "health", "医疗机构名录", "Clinics", "门诊机构的名称、地址和位置。", "Names, addresses and places of clinics.", SharingClass.Unconditional, Sensitivity.Open, UpdateFrequency.Quarterly,
            [
                Plain("clinic_no", ColumnType.Text, "机构编号", "clinic", nullable: false), Plain("name", ColumnType.Text, "名称", "name"), Plain("town_code", ColumnType.Text, "所在街镇", "town"),
                Plain("longitude", ColumnType.Number, "经度", "longitude"), Plain("latitude", ColumnType.Number, "纬度", "latitude"), Plain("beds", ColumnType.Integer, "床位数", "beds"),
            ]) with { Key = "clinic_no", Area = "town_code", Longitude = "longitude", Latitude = "latitude", Open = true, Licence = "https://creativecommons.org/licenses/by/4.0/", Protected = false, Themes = ["health"] },
        240, (row, n, fault) =>
        {
            var town = _city.Towns[n % _city.Towns.Count];
            var (x, y) = Shuzhou.PointIn(town, new Random((int)(_people.Mix(n, 36) & int.MaxValue)));
            row.Text(ClinicId(n)).Text($"{town.Name}{(n < 60 ? "社区卫生服务中心" : $"第{n / 60}门诊部")}").Text(Citizens.TownCodeAt(n % _city.Towns.Count)).Number(x).Number(y).Integer(_people.Mix(n, 37) % 60);
        });

    private Register Visits() => new(
        Entry("clinic-visits", "health", "门诊就诊记录", "Clinic visits", "每次就诊一行：人、机构、日期、疾病大类。", "One row for each visit: person, clinic, day, chapter of disease.", SharingClass.Conditional, Sensitivity.Core, UpdateFrequency.Daily,
            [
                Plain("visit_no", ColumnType.Text, "就诊编号", "visit", nullable: false), Personal("id_no", ColumnType.Text, "公民身份号码", "identity number"), Plain("clinic_no", ColumnType.Text, "机构编号", "clinic"),
                Plain("visited_on", ColumnType.Date, "就诊日期", "day"), Personal("chapter", ColumnType.Text, "疾病大类（ICD-10）", "chapter of ICD-10"), Plain("town_code", ColumnType.Text, "居住街镇", "town of residence"),
            ]) with { Key = "visit_no", Subject = "id_no", Area = "town_code", Time = "visited_on", Themes = ["health"] },
        _people.Count / 2, (row, n, fault) =>
        {
            var person = _people[(int)(_people.Mix(n, 38) % (uint)_people.Count)];
            row.Text(string.Create(CultureInfo.InvariantCulture, $"V{n:00000000}")).Text(person.Id).Text(ClinicId((int)(_people.Mix(n, 39) % 240))).Date(_people.Today.AddDays(-(int)(_people.Mix(n, 40) % 365)))
                .Text(Slips(n, 41, 200, "chapter", fault) ? "?" : Chapters[_people.Mix(n, 42) % (uint)Chapters.Length]).Text(person.Town);
        });

    private Register Insurance() => new(
        Entry("insurance", "human-resources", "社会保险参保", "Social insurance", "每个劳动年龄的人一行：状态、单位、缴费基数、失业金。", "One row for each person of working age: status, employer, base, unemployment benefit.", SharingClass.Conditional, Sensitivity.Sensitive, UpdateFrequency.Monthly,
            [
                Personal("id_no", ColumnType.Text, "公民身份号码", "identity number", nullable: false), Personal("status", ColumnType.Text, "参保状态", "status"), Personal("employer", ColumnType.Text, "单位", "employer"),
                Personal("base_cny", ColumnType.Number, "缴费基数（元）", "contribution base, CNY"), Personal("unemployment", ColumnType.Boolean, "领取失业金", "draws unemployment benefit"), Plain("town_code", ColumnType.Text, "所在街镇", "town"),
            ]) with { Key = "id_no", Subject = "id_no", Area = "town_code", Themes = ["labour"] },
        _people.Count, (row, n, fault) =>
        {
            var person = _people[n];
            var age = (_people.Today.DayNumber - person.Born.DayNumber) / 365;
            if (age is < 18 or > 60)
                return;
            var draw = _people.Mix(n, 43) % 100;
            var unemployed = draw < 5;
            row.Text(person.Id).Text(unemployed ? "失业" : draw < 12 ? "中断" : "在保").Text(unemployed ? null : $"枢州第{_people.Mix(n, 44) % 900 + 1}公司");
            if (Slips(n, 45, 300, "base_cny", fault))
                row.Null();
            else
                row.Number(4000 + _people.Mix(n, 46) % 200 * 100);
            row.Integer(unemployed ? 1 : 0).Text(person.Town);
        })
    {
        Target = 1, // A base that is missing is an insurance that cannot be counted.
    };

    private Register Permits() => new(
        Entry("building-permits", "housing", "工程建设许可", "Building permits", "每张许可一行：种类、地址、日期、状态。", "One row for each permit: kind, address, day, state.", SharingClass.Unconditional, Sensitivity.Internal, UpdateFrequency.Weekly,
            [
                Plain("permit_no", ColumnType.Text, "许可编号", "permit", nullable: false), Plain("kind", ColumnType.Text, "种类", "kind"), Plain("address", ColumnType.Text, "地址", "address"), Plain("granted_on", ColumnType.Date, "许可日期", "granted on"),
                Plain("floor_area_m2", ColumnType.Number, "建筑面积（平方米）", "floor area, m²"), Plain("town_code", ColumnType.Text, "所在街镇", "town"),
            ]) with { Key = "permit_no", Area = "town_code", Time = "granted_on", Protected = false, Themes = ["construction"] },
        12_000, (row, n, fault) =>
        {
            var household = (int)(_people.Mix(n, 47) % (uint)_people.Households);
            row.Text(string.Create(CultureInfo.InvariantCulture, $"P{n:000000}")).Text(PermitKinds[_people.Mix(n, 48) % (uint)PermitKinds.Length]).Text(_people.AddressOf(household)).Date(_people.Today.AddDays(-(int)(_people.Mix(n, 49) % 2000)))
                .Number(Slips(n, 50, 300, "floor_area_m2", fault) ? -1 : 40 + _people.Mix(n, 51) % 40000).Text(_people.TownCode(household));
        });

    private Register Hydrants() => new(
        Entry("hydrants", "housing", "市政消火栓", "Fire hydrants", "每个消火栓一行：位置、水压、状态。", "One row for each hydrant: place, pressure, state.", SharingClass.Conditional, Sensitivity.Internal, UpdateFrequency.Hourly,
            [
                Plain("hydrant_no", ColumnType.Text, "编号", "hydrant", nullable: false), Plain("town_code", ColumnType.Text, "所在街镇", "town"), Plain("street", ColumnType.Text, "道路", "street"), Plain("longitude", ColumnType.Number, "经度", "longitude"),
                Plain("latitude", ColumnType.Number, "纬度", "latitude"), Plain("pressure_kpa", ColumnType.Number, "水压（kPa）", "pressure, kPa"), Plain("usable", ColumnType.Boolean, "可用", "usable"), Plain("measured_at", ColumnType.Instant, "测量时间", "measured at"),
            ]) with { Key = "hydrant_no", Area = "town_code", Time = "measured_at", Longitude = "longitude", Latitude = "latitude", Protected = false, Themes = ["safety"], Grain = new Grain(TimeGrain.Hour, SpaceGrain.Point, EntityGrain.Individual) },
        3_000, (row, n, fault) =>
        {
            var town = n % _city.Towns.Count;
            var (x, y) = Shuzhou.PointIn(_city.Towns[town], new Random((int)(_people.Mix(n, 52) & int.MaxValue)));
            var dry = _people.Mix(n, 53) % 40 == 0;
            row.Text(string.Create(CultureInfo.InvariantCulture, $"HY{n:00000}")).Text(Citizens.TownCodeAt(town)).Text($"{_city.Towns[town].Name}{n / 60 + 1}号路").Number(x).Number(y).Number(dry ? 20 : 140 + _people.Mix(n, 54) % 260).Integer(dry ? 0 : 1)
                .Instant(new DateTimeOffset(_people.Today, TimeOnly.MinValue, TimeSpan.Zero).AddMinutes(-(_people.Mix(n, 55) % 60)));
        });

    /// <summary>Whether the row of a number has a fault of this kind, one in so many; said where it has.</summary>
    private bool Slips(int n, int what, uint oneIn, string rule, Action<string> fault)
    {
        var slips = _people.Mix(n, what) % oneIn == 0;
        if (slips)
            fault(rule);
        return slips;
    }

    private static string ClinicId(int n) => string.Create(CultureInfo.InvariantCulture, $"C{n:0000}");

    private static Dataset Entry(
        string id, string provider, string zh, string en, string aboutZh, string aboutEn, SharingClass sharing, Sensitivity sensitivity, UpdateFrequency frequency, IReadOnlyList<DataField> fields) => new()
        {
            Id = id, Version = 1, Provider = provider, Title = new Words(zh, en), Abstract = new Words(aboutZh, aboutEn), Fields = fields, Class = sharing, Frequency = frequency, Sensitivity = sensitivity,
            Modes = DeliveryModes.Api | DeliveryModes.File | DeliveryModes.Batch | DeliveryModes.Verify,
            Conditions = sharing == SharingClass.Conditional ? "范围：履行法定职责所必需的字段和地区；用途：申请所列用途" : "",
            LegalBasis = "《政务数据共享条例》第十三条", QualityRules = id + "-rules", Protected = sensitivity >= Sensitivity.Sensitive,
        };

    private static DataField Personal(string name, ColumnType type, string zh, string en, bool nullable = true) =>
        new(name, type, new Words(zh, en)) { Personal = true, Nullable = nullable, Sensitivity = Sensitivity.Sensitive };

    private static DataField Plain(string name, ColumnType type, string zh, string en, bool nullable = true) => new(name, type, new Words(zh, en)) { Nullable = nullable };
}
