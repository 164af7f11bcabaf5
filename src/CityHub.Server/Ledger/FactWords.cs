using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;

namespace CityHub.Server.Ledger;

/// <summary>Facts in plain words, for people: what happened, when, and what was recorded of it. What counts in a procedure is the record itself.</summary>
internal static class FactWords
{
    /// <summary>Beyond that the reader is better served by the file.</summary>
    private const int LongestValue = 400, MostValues = 40;

    private static readonly Dictionary<string, (string English, string Chinese)> Events = new(StringComparer.Ordinal)
    {
        ["HubStarted"] = ("The hub was started, with these settings", "枢纽启动,设置如下"),
        ["HubStopped"] = ("The hub was stopped", "枢纽停止"),
        ["FactsRead"] = ("Somebody read the log of everything that happened", "有人读取了事实日志"),
        ["EvidenceReleased"] = ("Evidence was handed out", "出具了证据包"),
        ["TokenIssued"] = ("A token was issued", "签发了令牌"),
        ["TokenRevoked"] = ("A token was revoked", "吊销了令牌"),
        ["LedgerKeyIntroduced"] = ("A new key began to sign the ledger", "启用了新的账本签名密钥"),
        ["LedgerKeyRetired"] = ("A key ceased to sign the ledger", "停用了账本签名密钥"),
        ["LedgerPolicySet"] = ("The rule who has to witness the ledger was set", "设定了账本的见证策略"),
        ["LedgerAnchored"] = ("The ledger was anchored elsewhere", "账本已在别处锚定"),
        ["DeviceRegistered"] = ("A device was registered", "登记了设备"),
        ["DeviceChanged"] = ("A device was changed", "变更了设备"),
        ["DeviceRetired"] = ("A device was retired", "停用了设备"),
        ["CredentialRotated"] = ("The secret of a device was replaced", "更换了设备密钥"),
        ["MappingDeclared"] = ("It was declared how payloads are read", "声明了报文映射"),
        ["PayloadRefused"] = ("A payload could not be read", "报文无法读取"),
        ["ObservationsRecorded"] = ("Observations of devices were recorded", "记录了设备观测"),
        ["HistoryRecorded"] = ("History was recorded", "记录了历史数据"),
        ["HistoryRevised"] = ("History was revised", "修订了历史数据"),
        ["HistoryRemoved"] = ("History was removed", "删除了历史数据"),
        ["ImportBegun"] = ("An import of files began", "开始导入文件"),
        ["ImportAdvanced"] = ("Rows of a file were imported", "导入了文件中的行"),
        ["ImportFinished"] = ("An import of files ended", "文件导入结束"),
        ["EntityCreated"] = ("A thing of the city was described for the first time", "新建了实体"),
        ["EntityChanged"] = ("The description of a thing of the city was changed", "变更了实体"),
        ["EntityReplaced"] = ("The description of a thing of the city was replaced", "替换了实体"),
        ["EntityDeleted"] = ("The description of a thing of the city was deleted", "删除了实体"),
        ["EntitiesChanged"] = ("Descriptions of things of the city were changed together", "批量变更了实体"),
        ["EntitiesExpired"] = ("Things of the city came to the end of their time", "实体到期"),
        ["SubscriptionCreated"] = ("Somebody asked to be told of changes", "新建了订阅"),
        ["SubscriptionChanged"] = ("A subscription was changed", "变更了订阅"),
        ["SubscriptionDeleted"] = ("A subscription was deleted", "删除了订阅"),
    };

    private static readonly Dictionary<string, string> Members = new(StringComparer.Ordinal)
    {
        ["by"] = "操作者", ["office"] = "部门", ["purpose"] = "用途", ["basis"] = "依据", ["subject"] = "持有者", ["permissions"] = "权限", ["tenants"] = "租户", ["expires"] = "到期",
        ["facts"] = "事实", ["content"] = "附内容", ["version"] = "版本", ["id"] = "编号", ["name"] = "名称", ["type"] = "类型", ["stream"] = "事实流", ["from"] = "起始位置", ["limit"] = "数量上限",
        ["follow"] = "持续读取", ["subjects"] = "数据主体(密封)", ["vkey"] = "验证公钥串", ["origin"] = "日志标识", ["listens"] = "监听地址", ["open"] = "开放", ["suites"] = "密码套件",
    };

    /// <param name="told">Positions of those whose content goes along.</param>
    public static string English(IReadOnlyList<Fact> facts, IReadOnlySet<long> told)
    {
        var text = new StringBuilder("These words were written by the hub, for people. Nobody has signed them; what counts is in leaves/ and openings/.\n");
        foreach (var fact in facts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nFact {fact.Position}, recorded on {fact.At.UtcDateTime:yyyy-MM-dd} at {fact.At.UtcDateTime:HH:mm:ss} UTC\n");
            text.Append(CultureInfo.InvariantCulture, $"  {(Events.TryGetValue(fact.Type, out var said) ? said.English : "It was recorded")} ({fact.Type}; number {fact.Version} in {Plain(fact.Stream)}).\n");
            Content(text, fact, told.Contains(fact.Position), name => name, "What was recorded is not handed out with this.", "What was recorded: see openings/");
        }

        return text.ToString();
    }

    /// <param name="told">Positions of those whose content goes along.</param>
    public static string Chinese(IReadOnlyList<Fact> facts, IReadOnlySet<long> told)
    {
        var text = new StringBuilder("以下文字由枢纽为便于阅读而写,没有任何人签名;以 leaves/ 与 openings/ 为准。\n");
        foreach (var fact in facts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n事实 {fact.Position},记录于 {fact.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}(UTC)\n");
            text.Append(CultureInfo.InvariantCulture, $"  {(Events.TryGetValue(fact.Type, out var said) ? said.Chinese : "有一条记录")}({fact.Type};{Plain(fact.Stream)} 中第 {fact.Version} 条)。\n");
            Content(text, fact, told.Contains(fact.Position), name => Members.TryGetValue(name, out var chinese) ? $"{chinese}({name})" : name, "记录的内容未随包提供。", "记录的内容见 openings/");
        }

        return text.ToString();
    }

    private static void Content(StringBuilder text, in Fact fact, bool content, Func<string, string> name, string closed, string see)
    {
        if (!content)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {closed}\n");
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(fact.Payload);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in json.RootElement.EnumerateObject().Take(MostValues))
                    text.Append(CultureInfo.InvariantCulture, $"    {Plain(name(member.Name))}: {Plain(member.Value.ToString())}\n");
                return;
            }
        }
        catch (JsonException)
        {
            // A payload of another form is shown by its file.
        }

        text.Append(CultureInfo.InvariantCulture, $"  {see}{fact.Position}.bin\n");
    }

    /// <summary>One line, without letters that hide or turn others.</summary>
    private static string Plain(string text)
    {
        var cut = text.Length <= LongestValue ? text : text[..(char.IsHighSurrogate(text[LongestValue - 1]) ? LongestValue - 1 : LongestValue)] + "…";
        return string.Concat(cut.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '\uFFFD' : c));
    }
}
