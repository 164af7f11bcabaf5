using System.Collections.Immutable;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>Decisions and tests in plain words, both languages.</summary>
internal static class Saying
{
    private static readonly (string Test, string Code, string Zh, string En)[] Beforehand =
    [
        ("ask", "ask-not-clear", "请求只含一项权利、一种方式，时段有始有终", "one right, one way of delivery, a period that begins before it ends"),
        ("roles", "roles-in-conflict", "管理、审计、运维不由一人兼任", "managing, auditing and operating are not in one hand"),
        ("operator", "operator-reads-nothing", "运维人员不读取数据", "the operator reads no data"),
        ("known", "dataset-unknown", "目录中有此资源，且您可以知悉", "the catalogue has it and you may know of it"),
        ("published", "dataset-not-published", "资源已发布", "the dataset is published"),
        ("negative", "dataset-negative", "资源及其来源不在负面清单", "neither it nor what it was made from is on the negative list"),
        ("withheld", "dataset-withheld", "资源及其来源不属于不予共享", "neither it nor what it was made from is withheld by law"),
        ("purpose-listed", "purpose-unknown", "用途在用途目录中有效", "the purpose is listed and not withdrawn"),
    ];

    public static Words Of(Decision decision) => decision switch
    {
        Permit permit => new($"准予：依据授权 {permit.Grant.Id}。", $"Yes: under the grant {permit.Grant.Id}."),
        Refuse refuse => new($"不予：{Zh(refuse.Code)}（{refuse.Rule}）。", $"No: {refuse.Why} ({refuse.Rule})"),
        _ => default,
    };

    /// <summary>The tests before the grants as far as they went.</summary>
    public static ImmutableArray<TracedTest> Before(Ask ask, ProblemKind? failed)
    {
        var tests = ImmutableArray.CreateBuilder<TracedTest>();
        foreach (var (test, code, zh, en) in Beforehand)
        {
            var passed = code != failed?.Code;
            tests.Add(new(test, passed, test == "purpose-listed" ? new($"{zh}：{ask.Purpose}", $"{en}: {ask.Purpose}") : new(zh, en)));
            if (!passed)
                break;
        }

        return tests.ToImmutable();
    }

    public static ImmutableArray<TracedTest> Of(in Question question, Grant grant)
    {
        var tests = ImmutableArray.CreateBuilder<TracedTest>(Question.Tests);
        for (var test = GrantTest.State; test <= GrantTest.Period; test++)
            tests.Add(new(Name(test), question.Passes(test, grant), Said(test, question, grant)));
        return tests.ToImmutable();
    }

    public static string Name(GrantTest test) => Refusals.Name(test);

    private static Words Said(GrantTest test, in Question question, Grant grant)
    {
        var ask = question.Ask;
        return test switch
        {
            GrantTest.State => new($"授权状态：{Zh(grant.State)}", $"the grant is {Refusals.Name(grant.State)}"),
            GrantTest.Validity => new($"有效期 {Refusals.Time(grant.From)} 至 {Refusals.Time(grant.Until)}（不含）", $"in force from {Refusals.Time(grant.From)} until before {Refusals.Time(grant.Until)}"),
            GrantTest.Right => new($"授予：{Zh(grant.Rights)}；请求：{Zh(ask.Right)}", $"granted: {Refusals.Name(grant.Rights)}; asked: {Refusals.Name(ask.Right)}"),
            GrantTest.Mode => new($"方式：授予 {Zh(grant.Modes)}，请求 {Zh(ask.Mode)}", $"ways granted: {Refusals.Name(grant.Modes)}; asked: {Refusals.Name(ask.Mode)}"),
            GrantTest.Purpose => new($"用途：授予 {grant.Purpose} 及其下级，请求 {ask.Purpose}", $"granted for {grant.Purpose} and below; asked for {ask.Purpose}"),
            GrantTest.Fields => ask.Fields is null ? new("数据项：授权所及的全部", "fields: all that the grant gives")
                : question.FieldsBeyond(grant).ToList() is { Count: > 0 } beyond ? new($"数据项超出授权：{string.Join('、', beyond)}", $"fields beyond the grant: {string.Join(", ", beyond)}")
                : new("数据项均在授权之内", "all fields are within the grant"),
            GrantTest.Area => ask.Area is null ? new("区域：授权所及的全部", "area: all that the grant gives") : new($"区域：{ask.Area}", $"area: {ask.Area}"),
            _ => ask.From is null && ask.To is null ? new("时段：授权所及的全部", "period: all that the grant gives")
                : new($"时段：{Edge(ask.From)} 至 {Edge(ask.To)}", $"period: {Edge(ask.From)} to {Edge(ask.To)}"),
        };
    }

    private static string Edge(DateTimeOffset? at) => at is { } time ? Refusals.Time(time) : "…";

    private static string Zh(string code) => code switch
    {
        "ask-not-clear" => "请求自相矛盾或不完整",
        "roles-in-conflict" => "一人兼任管理、审计、运维中的两项",
        "operator-reads-nothing" => "运维人员不得读取数据",
        "dataset-unknown" => "没有您可以知悉的此项资源",
        "dataset-not-published" => "资源尚未发布或已撤回",
        "dataset-negative" => "资源或其来源列入负面清单",
        "dataset-withheld" => "资源或其来源依法不予共享",
        "purpose-unknown" => "用途不在用途目录中或已撤销",
        "grant-unknown" => "您没有该授权",
        "grant-not-active" => "授权当前不可用",
        "grant-not-in-force" => "不在授权有效期内",
        "right-not-granted" => "采集、获取、使用三权分立，所请求的权利未授予",
        "mode-not-granted" => "该共享方式未授予",
        "purpose-not-covered" => "授权用途不包含所请求的用途",
        "fields-not-granted" => "所请求的数据项超出授权",
        "area-not-granted" => "所请求的区域超出授权",
        "period-not-granted" => "所请求的时段超出授权",
        _ => "没有授权允许此项请求",
    };

    private static string Zh(GrantState state) => state switch
    {
        GrantState.Delivering => "待交付",
        GrantState.Active => "有效",
        GrantState.Suspended => "已暂停",
        GrantState.Terminated => "已终止",
        GrantState.Expired => "已到期",
        GrantState.Fulfilled => "目的已实现",
        GrantState.Unnecessary => "不再必要",
        GrantState.Disposing => "销毁中",
        _ => "已销毁",
    };

    private static string Zh(Rights rights) => string.Join('、', Each((rights & Rights.Collect) != 0, "采集", (rights & Rights.Obtain) != 0, "获取", (rights & Rights.Use) != 0, "使用"));

    public static string Zh(DeliveryModes modes) =>
        string.Join('、', new (DeliveryModes Mode, string Zh)[] { (DeliveryModes.Api, "接口"), (DeliveryModes.Batch, "批量"), (DeliveryModes.File, "文件"), (DeliveryModes.Subscription, "订阅"), (DeliveryModes.Verify, "核验"), (DeliveryModes.Enclave, "数据专区"), (DeliveryModes.Joint, "联合计算") }
            .Where(each => (modes & each.Mode) != 0).Select(each => each.Zh));

    private static IEnumerable<string> Each(bool collect, string one, bool obtain, string two, bool use, string three)
    {
        if (collect)
            yield return one;
        if (obtain)
            yield return two;
        if (use)
            yield return three;
    }
}
