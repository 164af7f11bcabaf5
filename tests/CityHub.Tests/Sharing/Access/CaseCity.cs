using System.Collections.Immutable;
using System.Globalization;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Sharing.Access;

/// <summary>The small city of the access cases: its datasets, purposes and grants. In words: cases/README.md.</summary>
internal sealed class CaseCity : ICatalogue
{
    public static readonly CaseCity Catalogue = new();

    private const DeliveryModes Rows = DeliveryModes.Api | DeliveryModes.Batch | DeliveryModes.File | DeliveryModes.Subscription;
    private const DeliveryModes All = Rows | DeliveryModes.Verify | DeliveryModes.Enclave;

    /// <summary>Stands from before the rule that now stops it: a decision must refuse what could not be granted today.</summary>
    public static readonly ImmutableHashSet<string> Outlived = ["police-tax", "traffic-bands", "traffic-summary", "any-staff", "public-permits", "civil-pension", "police-census", "emergency-rail", "emergency-map"];

    private static readonly Dataset[] Datasets =
    [
        Of("population", "police", "人口基础信息", "Population register", All, "id-number name sex address area birth-date:date registered-on:date") with { Area = "area", Time = "registered-on" },
        Of("low-income", "civil", "低保对象", "Households on minimum income", All, "id-number name area benefit:number since:date") with { Area = "area", Time = "since" },
        Of("marriage", "civil", "婚姻登记", "Marriages", DeliveryModes.Verify, "id-number name status"),
        Of("vaccination", "health", "预防接种", "Vaccinations", Rows | DeliveryModes.Enclave, "id-number vaccine area given-at:instant") with { Area = "area", Time = "given-at" },
        Of("complaints", "hotline", "市民诉求", "Complaints of citizens", All, "number text area"),
        Of("inspections", "market", "执法检查", "Inspections", All, "number company result"),
        Of("visits", "health", "门诊就诊", "Hospital visits", All, "visit-day:date area age-band diagnosis") with { Area = "area", Obligations = new() { Fields = ["visit-day", "area", "age-band"] } },
        Of("epidemic-weekly", "cdc", "疫情周报", "Weekly epidemic figures", All, "visit-day:date area cases:integer diagnosis") with { DerivedFrom = ["visits"] },
        Of("noise", "ecology", "噪声监测", "Noise", All, "station at:instant level:number area") with
        {
            Area = "area", Time = "at", Obligations = new() { Rows = [new("area", RowTest.Under, ["5001"])] },
        },
        Of("flood", "water", "汛情预测", "Flood forecast", All, "gauge at:instant level:number") with { Time = "at", Obligations = new() { Expires = At("2026-05-01T00:00:00+08:00") } },
        Of("enterprise", "market", "企业登记", "Enterprise register", Rows, "credit-code name address legal-person area registered-on:date") with { Class = SharingClass.Unconditional, Area = "area", Time = "registered-on" },
        Of("air-quality", "ecology", "空气质量", "Air quality", Rows, "station at:instant pm25:number area") with { Class = SharingClass.Unconditional, Open = true, Licence = "urn:licence:city", Area = "area", Time = "at" },
        Of("bus-stops", "traffic", "公交站点", "Bus stops", Rows, "number name area") with { Class = SharingClass.Unconditional, Open = true, Licence = "urn:licence:city", Area = "area" },
        Of("staff", "hrss", "企业用工", "Staff of companies", Rows, "credit-code count:integer"),
        Of("permits", "housing", "施工许可", "Building permits", Rows, "number site"),
        Of("tax-records", "tax", "纳税明细", "Tax records", Rows, "credit-code amount:number") with { Class = SharingClass.Withheld, LegalBasis = "Tax Collection Law, art. 8" },
        Of("tax-bands", "stats", "纳税分档", "Tax bands", Rows, "band count:integer") with { DerivedFrom = ["tax-records"] },
        Of("tax-summary", "stats", "税收概览", "Tax overview", Rows, "year total:number") with { DerivedFrom = ["tax-bands"] },
        Of("rail-security", "police", "轨道安保", "Security of the railway", Rows, "station posts:integer"),
        Of("rail-map", "traffic", "轨道客流图", "Railway crowding", Rows, "station level:integer") with { DerivedFrom = ["rail-security"] },
        Of("informants", "inspection", "举报线索", "Reports of wrongdoing", Rows, "number text") with { Protected = true },
        Of("disability", "civil", "残疾人信息", "Disabled persons", Rows, "id-number grade") with { State = DatasetState.Drafted },
        Of("pension", "hrss", "旧养老金册", "Old pension book", Rows, "id-number amount:number") with { State = DatasetState.Withdrawn },
    ];

    public static readonly PurposeTree Purposes = new(
    [
        Listed("welfare", "社会救助", "Welfare"),
        Listed("welfare/eligibility", "救助资格核定", "Eligibility"),
        Listed("welfare/eligibility/low-income", "低保资格核定", "Eligibility for minimum income"),
        Listed("welfare/eligibility/medical", "医疗救助核定", "Eligibility for medical aid"),
        Listed("welfare/review", "救助复核", "Review"),
        Listed("welfare/winter", "冬季专项救助", "Winter relief") with { Obligations = new() { Expires = At("2026-04-01T00:00:00+08:00") } },
        Listed("health", "公共卫生", "Public health"),
        Listed("health/epidemic", "疫情防控", "Epidemic control"),
        Listed("housing", "住房保障", "Housing"),
        Listed("housing/allocation", "公租房分配", "Allocation of public housing"),
        Listed("education", "教育", "Education"),
        Listed("education/enrolment", "义务教育入学", "School enrolment"),
        Listed("enforcement", "行政执法", "Enforcement"),
        Listed("enforcement/market", "市场监管执法", "Market enforcement"),
        Listed("emergency", "应急", "Emergency"),
        Listed("emergency/flood", "防汛", "Flood control"),
        Listed("statistics", "统计", "Statistics"),
        Listed("open", "公开利用", "Open use"),
        Listed("census-2020", "第七次人口普查", "Census of 2020") with { Withdrawn = true },
        Listed("census-2020/follow-up", "普查回访", "Follow-up of the census"),
    ]);

    public static readonly Grant[] AllGrants =
    [
        To("civil", "civil-address", "population", Rights.Obtain, "welfare/eligibility", DeliveryModes.Api, new() { Fields = ["id-number", "name", "area", "address"], Rows = [new("area", RowTest.Under, ["500103"])] }),
        To("civil", "civil-birth", "population", Rights.Obtain, "welfare/review", DeliveryModes.Batch,
            new() { Fields = ["id-number", "birth-date", "registered-on"], Rows = [new("registered-on", RowTest.Between, ["2025-01-01", "2026-01-01"])] }),
        To("civil", "civil-verify", "population", Rights.Use, "welfare", DeliveryModes.Verify, new() { Fields = ["id-number", "name"] }),
        To("education", "education-children", "population", Rights.Obtain, "education/enrolment", DeliveryModes.Api, new() { Fields = ["id-number", "birth-date"], Rows = [new("area", RowTest.Under, ["500103"])] }),
        To("hrss", "hrss-population", "population", Rights.Obtain | Rights.Use, "welfare", DeliveryModes.Api | DeliveryModes.Batch),
        To("housing", "housing-coarse", "population", Rights.Obtain, "housing/allocation", DeliveryModes.Api,
            new() { Masks = Masked("area", MaskKind.Coarse), Grain = new(TimeGrain.Instant, SpaceGrain.District, EntityGrain.Individual) }),
        To("tax", "tax-pseudonym", "population", Rights.Obtain, "statistics", DeliveryModes.Batch, new() { Masks = Masked("area", MaskKind.Pseudonym) }),
        To("health", "health-two-districts", "population", Rights.Obtain, "health", DeliveryModes.Api, new() { Rows = [new("area", RowTest.In, ["500103", "500106"])] }),
        To("traffic", "traffic-suspended", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Suspended),
        To("housing", "housing-terminated", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Terminated),
        To("health", "health-expired", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Expired),
        To("education", "education-delivering", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Delivering),
        To("tax", "tax-fulfilled", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Fulfilled),
        To("market", "market-unnecessary", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Unnecessary),
        To("police", "police-disposing", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Disposing),
        To("stats", "stats-disposed", "low-income", Rights.Obtain, "welfare", DeliveryModes.Api, state: GrantState.Disposed),
        To("hrss", "hrss-low-income", "low-income", Rights.Obtain, "welfare/eligibility", DeliveryModes.Api | DeliveryModes.File),
        To("hrss", "hrss-winter", "low-income", Rights.Obtain, "welfare/winter", DeliveryModes.Batch),
        To("hrss", "hrss-marriage", "marriage", Rights.Use, "welfare/eligibility", DeliveryModes.Verify),
        To("education", "education-vaccination", "vaccination", Rights.Obtain, "education/enrolment", DeliveryModes.File,
            new() { Rows = [new("given-at", RowTest.Between, ["2025-09-01T00:00:00+08:00", "2026-09-01T00:00:00+08:00"])] }),
        To("traffic", "complaints-collect", "complaints", Rights.Collect, "enforcement", DeliveryModes.Api),
        To("housing", "complaints-obtain", "complaints", Rights.Obtain, "enforcement", DeliveryModes.Api),
        To("ecology", "complaints-use", "complaints", Rights.Use, "enforcement", DeliveryModes.Api),
        To("health", "inspections-collect", "inspections", Rights.Collect, "enforcement/market", DeliveryModes.Api),
        To("tax", "inspections-obtain", "inspections", Rights.Obtain, "enforcement/market", DeliveryModes.Api),
        To("police", "inspections-use", "inspections", Rights.Use, "enforcement/market", DeliveryModes.Api),
        To("emergency", "emergency-visits", "visits", Rights.Use, "health/epidemic", DeliveryModes.Enclave),
        To("emergency", "emergency-weekly", "epidemic-weekly", Rights.Obtain, "health/epidemic", DeliveryModes.File),
        To("traffic", "traffic-noise", "noise", Rights.Obtain, "statistics", DeliveryModes.Subscription),
        To("emergency", "emergency-flood", "flood", Rights.Obtain, "emergency", DeliveryModes.Api),
        To(Decider.AnyDepartment, "any-enterprise", "enterprise", Rights.Obtain, "enforcement", DeliveryModes.Api | DeliveryModes.Batch, new() { Fields = ["credit-code", "name", "address", "area", "registered-on"] }),
        To("tax", "tax-enterprise", "enterprise", Rights.Obtain, "enforcement/market", DeliveryModes.Batch, new() { Fields = ["credit-code", "legal-person"] }),
        To(Decider.Public, "public-air", "air-quality", Rights.Obtain, "open", DeliveryModes.Api | DeliveryModes.File),
        To(Decider.Public, "public-stops", "bus-stops", Rights.Obtain, "open", DeliveryModes.Api | DeliveryModes.File, new() { Fields = ["number", "name"] }),
        To(Decider.AnyDepartment, "any-staff", "staff", Rights.Obtain, "statistics", DeliveryModes.Api),
        To(Decider.Public, "public-permits", "permits", Rights.Obtain, "open", DeliveryModes.Api),
        To("police", "police-tax", "tax-records", Rights.Obtain, "enforcement", DeliveryModes.Api),
        To("traffic", "traffic-bands", "tax-bands", Rights.Obtain, "statistics", DeliveryModes.Api),
        To("traffic", "traffic-summary", "tax-summary", Rights.Obtain, "statistics", DeliveryModes.Api),
        To("emergency", "emergency-rail", "rail-security", Rights.Obtain, "emergency", DeliveryModes.Api),
        To("emergency", "emergency-map", "rail-map", Rights.Obtain, "emergency", DeliveryModes.Api),
        To("police", "police-informants", "informants", Rights.Obtain, "enforcement", DeliveryModes.Api),
        To("civil", "civil-pension", "pension", Rights.Obtain, "welfare", DeliveryModes.Api),
        To("police", "police-census", "enterprise", Rights.Obtain, "census-2020", DeliveryModes.Api),
    ];

    public static readonly GrantIndex Grants = new(AllGrants);

    public long Version => 1;

    public IEnumerable<Dataset> Published => Datasets.Where(dataset => dataset.State == DatasetState.Published);

    public Dataset? Find(string id) => Array.Find(Datasets, dataset => dataset.Id == id);

    public Dataset? OfType(string tenant, string entityType) => null;

    public bool IsNegative(string dataset) => dataset == "rail-security";

    public static DateTimeOffset At(string text) => DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    private static ImmutableSortedDictionary<string, MaskKind> Masked(string field, MaskKind kind) => ImmutableSortedDictionary<string, MaskKind>.Empty.Add(field, kind);

    private static Purpose Listed(string code, string zh, string en) => new(code, new(zh, en), "Regulations on Government Data Sharing, art. 20", Obligations.Nothing);

    private static Grant To(string receiver, string id, string dataset, Rights rights, string purpose, DeliveryModes modes, Obligations? bound = null, GrantState state = GrantState.Active) => new()
    {
        Id = id, Version = 1, Dataset = dataset, Provider = Catalogue.Find(dataset)?.Provider ?? "", Receiver = receiver, Rights = rights, Purpose = purpose, Modes = modes, State = state,
        Obligations = (bound ?? Obligations.Nothing) with { Onward = receiver == Decider.Public }, Basis = "request", SignedBy = "officer",
        From = At("2026-01-01T00:00:00+08:00"), Until = At("2027-01-01T00:00:00+08:00"),
    };

    private static Dataset Of(string id, string provider, string zh, string en, DeliveryModes modes, string fields) => new()
    {
        Id = id, Version = 1, Provider = provider, Title = new(zh, en), Abstract = new(zh, en), Class = SharingClass.Conditional, Modes = modes, Frequency = UpdateFrequency.Daily,
        State = DatasetState.Published, Fields = [.. fields.Split(' ').Select(field => field.Split(':')).Select(part => new DataField(part[0], TypeOf(part), new(part[0], part[0])))],
    };

    private static ColumnType TypeOf(string[] part) => part.Length == 1 ? ColumnType.Text : Enum.Parse<ColumnType>(part[1], ignoreCase: true);
}
