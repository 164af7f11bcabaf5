using CityHub.Sharing.Requests;

namespace CityHub.Server.DemoCity;

/// <summary>Something that happens to a request, and what is said beside it, as JSON. Who lets it happen is the machine's to say.</summary>
internal sealed record StoryStep(RequestEvent Happened, string Said = "{}");

/// <summary>One department asks another for something, and what becomes of it.</summary>
/// <param name="Steps">After the draft, in their order.</param>
internal sealed record RequestStory(string Applicant, string Dataset, string Purpose, string[] Fields, string Scene, string Necessity, params StoryStep[] Steps)
{
    /// <summary>For how long it is asked for; a year where nothing is said.</summary>
    public TimeSpan? For { get; init; }
}

/// <summary>What the departments of 枢州 ask of each other: a request in every state there is.</summary>
internal static class RequestStories
{
    private static readonly StoryStep[] Submitted = [new(RequestEvent.SignOff), new(RequestEvent.Submit)];
    private static readonly StoryStep[] Granted = [.. Submitted, Grant("P30D")];
    private static readonly StoryStep[] Delivering = [.. Granted, new(RequestEvent.Acknowledge)];
    private static readonly StoryStep[] Active = [.. Delivering, new(RequestEvent.Deliver)];

    private static readonly StoryStep Suspended = Because(RequestEvent.Suspend, "在办案系统之外发现导出的名单，先中止共享，请说明用途");
    private static readonly StoryStep Rectified = Because(RequestEvent.Rectify, "已收回名单、关闭导出功能，并对两名经办人重新授权");

    public static readonly IReadOnlyList<RequestStory> All =
    [
        // Drafts and what never went far: no clock runs for them.
        new("ecology", "building-permits", "environment", ["permit_no", "town_code"], "工地扬尘统计", "要按街镇核对在建工地，才能安排巡查"),
        new("human-resources", "population", "welfare", ["id_no", "birth_date"], "养老金领取资格认证", "核对出生日期才能判断是否到龄", new StoryStep(RequestEvent.SignOff)),
        new("housing", "insurance", "housing", ["id_no", "status"], "公租房申请家庭收入核对", "核对参保状态才能认定收入", [.. Submitted, new(RequestEvent.Withdraw)]),

        // At the provider.
        new("health", "population", "health/vaccination", ["birth_date", "town_code"], "疫苗接种人数测算", "按年龄和街镇估算适龄儿童，才能备足疫苗", Submitted),
        new("ecology", "clinic-visits", "health/epidemic", ["clinic_no", "visited_on", "chapter"], "雾霾天呼吸道就诊与空气质量对照", "没有就诊日期和疾病大类无法对照",
            [.. Submitted, Because(RequestEvent.AskExtension, "涉及四十家机构的历史数据，核对需要更多时间"), new(RequestEvent.Extend)]),
        new("civil-affairs", "population", "welfare", ["id_no", "name", "household_no"], "低保家庭核对", "按户核对共同生活的家庭成员",
            [.. Submitted, new(RequestEvent.AskMaterials, """{"missing": ["法定职责文件", "最小必要说明"]}""")]),
        new("housing", "clinic-visits", "statistics", ["id_no", "chapter"], "了解住户健康", "想知道小区居民的健康情况",
            [.. Submitted, new(RequestEvent.Refuse, """{"code": "not-necessary", "text": "履行住建职责不需要个人疾病信息", "basis": "《个人信息保护法》第六条", "wayForward": "可申请按街镇汇总的数据"}""")]),
        new("human-resources", "households", "welfare", ["household_no", "persons"], "零就业家庭认定", "要知道一户有几口人，才能认定零就业家庭", Granted),
        new("public-security", "insurance", "safety", ["id_no", "status", "town_code"], "走失人员查找", "按身份号码找到参保地，才能联系家属", Delivering),

        // In use. The stories of the city: hydrants, a plant on fire, double claims.
        new("fire-rescue", "hydrants", "safety/fire", ["hydrant_no", "street", "longitude", "latitude", "pressure_kpa", "usable"], "火场附近哪个消火栓有水", "到场前要知道哪里有水、压力够不够", Active),
        new("fire-rescue", "plant-power", "safety/fire", ["id", "active_power_kw", "longitude", "latitude", "observed_at"], "火场断电核实", "确认断电后才能出水灭火", Active),
        new("civil-affairs", "insurance", "welfare/double-claims", ["id_no", "status", "unemployment"], "核查同时领取失业金和低保", "只比对身份号码和领取状态，不看缴费基数", Active),

        // What goes wrong, and is put right or ended.
        new("health", "insurance", "health", ["id_no", "employer"], "职业病随访", "按单位找到同岗位人员", [.. Active, Suspended]),
        new("housing", "population", "housing", ["id_no", "household_no", "town_code"], "公租房轮候家庭核对", "核对家庭人口才能确定户型", [.. Active, Suspended, Rectified]),
        new("fire-rescue", "population", "safety/fire", ["household_no", "address"], "高层住宅疏散人数估算", "火场要知道一栋楼里大概有多少户", [.. Active, Suspended, Because(RequestEvent.Terminate, "两次通报后仍用于日常宣传名单，超出申请用途")]),

        // What is over: by its term, by its purpose, by itself, and what becomes of the data.
        new("public-security", "hydrants", "safety", ["street", "usable"], "一次大型活动的安保踏勘", "活动当天确认沿线消火栓可用", Active) { For = TimeSpan.FromMinutes(1) },
        new("health", "benefits", "health", ["id_no", "kind"], "困难残疾人免费体检名单", "按补贴项目确定体检对象", [.. Active, new(RequestEvent.Fulfil)]),
        new("housing", "households", "housing", ["household_no", "persons", "town_code"], "租赁补贴按户核算", "按家庭人口核定补贴面积", [.. Active, new(RequestEvent.Unneeded)]),
        new("human-resources", "population", "statistics", ["birth_date", "sex", "town_code"], "劳动年龄人口测算", "按性别和年龄测算劳动力", [.. Active, new(RequestEvent.Fulfil), new(RequestEvent.Dispose)]),
        new("ecology", "hydrants", "environment", ["longitude", "latitude"], "应急取水点踏勘", "河道应急处置时就近取水",
            [.. Active, new(RequestEvent.Fulfil), new(RequestEvent.Dispose), new(RequestEvent.ProveDisposal, """{"method": "删除库表并覆写备份介质", "documents": [{"name": "销毁记录", "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"}]}""")]),
        new("fire-rescue", "building-permits", "safety/fire", ["permit_no", "kind", "address"], "在建工地动火检查", "按工地地址安排检查",
            [.. Active, new(RequestEvent.Negotiate, """{"text": "双方商定改由政务服务平台推送，不再单独提供"}"""), new(RequestEvent.File, """{"text": "数据局备案：服务终止，改用平台推送"}"""), new(RequestEvent.EndService)]),
    ];

    /// <summary>What was granted is destroyed within so long after its end (ISO 8601).</summary>
    private static StoryStep Grant(string destroyWithin) => new(RequestEvent.Grant, $$$"""{"obligations": {"destroyWithin": "{{{destroyWithin}}}"}}""");

    private static StoryStep Because(RequestEvent happened, string reason) => new(happened, $$"""{"reason": "{{reason}}"}""");
}
