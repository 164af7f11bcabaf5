using CityHub.Standards.Quality;

namespace CityHub.Server.DemoCity.Registers;

/// <summary>What each department asks of its own rows: the rules by which deliveries are scored in six dimensions, and by which every fault that the registers are given is found.</summary>
internal static class RegisterRules
{
    private static readonly string[] Towns = [.. Enumerable.Range(0, 60).Select(Citizens.TownCodeAt)];

    /// <summary>By dataset.</summary>
    public static readonly IReadOnlyDictionary<string, QualityRules> All = new[]
    {
        For("population",
            Id("id_no"), Required("name", "姓名未填"), new() { Id = "name-blanks", Check = "pattern", Field = "name", Pattern = @"\S+", Zh = "姓名里有空格", En = "the name has blanks in it" }, Codes("sex", "性别不是男或女", "男", "女"),
            new() { Id = "birth", Check = "birthOfId", Field = "birth_date", Other = "id_no", Zh = "出生日期与身份号码不一致", En = "the date of birth is not the identity number's" },
            new() { Id = "sex-of-id", Check = "sexOfId", Field = "sex", Other = "id_no", Male = "男", Female = "女", Zh = "性别与身份号码不一致", En = "the sex is not the identity number's" },
            Town(), Required("address", "住址未填"), NotFuture("registered_on")),
        For("households",
            Id("head_id_no"), new() { Id = "persons", Check = "sum", Field = "persons", Fields = ["adults", "minors"], Zh = "人数不等于成年人加未成年人", En = "persons are not adults and minors together" }, Town(), Required("address", "住址未填")),
        For("benefits",
            Id("id_no"), Range("monthly_cny", 1, 5000, "月额超出标准，可能错了小数点"), Codes("kind", "没有这个补贴项目", Registers.BenefitKinds), Town(), NotFuture("from_date"),
            new() { Id = "term", Check = "order", Field = "from_date", Other = "to_date", Zh = "截止早于起始", En = "it ends before it begins" }),
        For("clinics", Required("name", "名称未填"), Town(), Range("beds", 0, 3000, "床位数不合理"), EveryTown()),
        For("clinic-visits",
            Id("id_no"), new() { Id = "chapter", Check = "pattern", Field = "chapter", Pattern = @"[A-Z]\d\d-[A-Z]\d\d", Zh = "疾病大类不是 ICD-10 的", En = "not a chapter of ICD-10" },
            new() { Id = "clinic", Check = "reference", Field = "clinic_no", Dataset = "clinics", Key = "clinic_no", Zh = "机构名录里没有这个机构", En = "no clinic of the register" }, Town(), NotFuture("visited_on")),
        For("insurance",
            Id("id_no"), Codes("status", "没有这个参保状态", "在保", "中断", "失业"), Required("base_cny", "缴费基数未填"), new() { Id = "employer", Check = "required", Field = "employer", When = new RuleCondition("status", ["在保", "中断"]), Zh = "在保人员没有单位", En = "insured without an employer" }, Town()),
        For("building-permits", Range("floor_area_m2", 0, 1e7, "建筑面积为负或过大"), Codes("kind", "没有这种许可", Registers.PermitKinds), Required("address", "地址未填"), Town(), NotFuture("granted_on")),
        For("hydrants", Range("pressure_kpa", 0, 1000, "水压超出量程"), Town(), EveryTown(), new() { Id = "measured", Check = "maxAge", Field = "measured_at", Days = 2, Zh = "测量时间太旧", En = "measured too long ago" }),
        For("plant-power", Required("active_power_kw", "没有功率读数"), Required("longitude", "没有位置")),
    }.ToDictionary(r => r.Dataset ?? "", StringComparer.Ordinal);

    /// <summary>Every register is delivered within a day, and can be read.</summary>
    private static QualityRules For(string dataset, params QualityRule[] rules) => new()
    {
        Dataset = dataset,
        Rules = [.. rules, new QualityRule { Id = "on-time", Check = "onTime", Days = 1, Zh = "一天内送达", En = "delivered within a day" }, new QualityRule { Id = "readable", Check = "readable", Zh = "有乱码", En = "characters that cannot be read" }],
    };

    private static QualityRule Id(string field) => new() { Id = field, Check = "idNumber", Field = field, Zh = "身份号码校验不通过", En = "not an identity number" };

    private static QualityRule Required(string field, string zh) => new() { Id = field, Check = "required", Field = field, Zh = zh };

    private static QualityRule Codes(string field, string zh, params string[] values) => new() { Id = field, Check = "codes", Field = field, Values = values, Zh = zh };

    private static QualityRule Range(string field, double min, double max, string zh) => new() { Id = field, Check = "range", Field = field, Min = min, Max = max, Zh = zh };

    private static QualityRule NotFuture(string field) => new() { Id = field, Check = "notFuture", Field = field, Zh = "日期在将来", En = "a day in the future" };

    private static QualityRule Town() => new() { Id = "town_code", Check = "codes", Field = "town_code", Values = Towns, Dimension = "accurate", Zh = "没有这个街镇", En = "there is no such town" };

    private static QualityRule EveryTown() => new() { Id = "every-town", Check = "coverage", Field = "town_code", Values = Towns, Zh = "有街镇没有数据", En = "a town is missing" };
}
