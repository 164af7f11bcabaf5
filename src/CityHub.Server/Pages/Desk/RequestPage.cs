using System.Globalization;
using System.Text.Json;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Sharing;
using static CityHub.Server.Pages.Desk.DeskPage;
using static CityHub.Http.PageShell;

namespace CityHub.Server.Pages.Desk;

/// <summary>One request as both departments and the authority see it: what is asked, where it stands, what happened, and a form for each thing that may happen next.</summary>
internal static class RequestPage
{
    private const int LongestForm = 64 << 10;

    private enum Kind
    {
        Line,
        Text,

        /// <summary>One thing a line.</summary>
        Lines,
        Number,
        Box,
    }

    /// <summary>What is asked beside an event; the machine's own guards say whether it is enough.</summary>
    private sealed record Input(string Name, Kind Kind, Words Label, bool Required = true);

    private static readonly Input Reason = new("reason", Kind.Text, new("理由", "Reason"));

    private static Input[] InputsOf(RequestEvent happened) => happened switch
    {
        RequestEvent.AskMaterials => [new("missing", Kind.Lines, new("需要补正的全部材料，每行一项（只告知一次）", "Everything that is missing, one thing a line (this is said once)"))],
        RequestEvent.Supplement => [new("text", Kind.Text, new("补正说明", "What is handed in"))],
        RequestEvent.AskExtension or RequestEvent.Suspend or RequestEvent.Rectify or RequestEvent.Resume or RequestEvent.Terminate => [Reason],
        RequestEvent.Grant or RequestEvent.ChangeService =>
        [
            new("destroyWithin", Kind.Number, new("结束后多少天内销毁并提交证明", "Destroyed, with proof, within so many days after the end"), false),
            new("smallestGroup", Kind.Number, new("只提供不少于这么多人的组（留空：可提供单条记录）", "Only groups of at least so many (empty: single rows may leave)"), false),
            new("tellSubject", Kind.Box, new("每次使用都告知当事人", "Tell the person each time"), false),
        ],
        RequestEvent.Refuse =>
        [
            new("code", Kind.Line, new("理由代码", "Code of the reason")),
            new("text", Kind.Text, new("理由", "Reason")),
            new("basis", Kind.Line, new("法律依据", "Legal basis")),
            new("wayForward", Kind.Text, new("怎样才能同意", "What would make it pass")),
        ],
        RequestEvent.Negotiate or RequestEvent.File => [new("text", Kind.Text, new("协商或备案的内容", "What was agreed or filed"))],
        RequestEvent.ProveDisposal =>
        [
            new("method", Kind.Line, new("销毁方式", "How it was destroyed")),
            new("document", Kind.Line, new("证明文件名称", "Name of the proof")),
            new("sha256", Kind.Line, new("证明文件的 SHA-256", "SHA-256 of the proof")),
        ],
        _ => [],
    };

    public static async Task ShowAsync(HttpContext http, Hub hub, Caller caller, (string Text, bool Good)? said)
    {
        var language = PageWriter.LanguageOf(http);
        var zh = language == "zh";
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!hub.Sharing.Requests.Requests.SeenBy(id, caller).TryGet(out var request, out var problem))
        {
            await WriteAsync(http, language, zh ? "没有这件申请" : "No such request", $"<p class=\"note\" role=\"alert\">{E(problem.Detail)}</p><p><a href=\"/desk\">{(zh ? "回到待办" : "Back to the desk")}</a></p>", "/desk", caller, problem.Kind.Status);
            return;
        }

        var body = new StringBuilder();
        if (said is { } line)
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"{(line.Good ? "lead" : "note")}\" role=\"{(line.Good ? "status" : "alert")}\">{E(line.Text)}</p>\n");
        Wanted(body, hub, request, zh);
        Next(body, hub, request, caller, zh);
        History(body, hub, request, zh);
        await WriteAsync(http, language, Dataset(hub, request.Wanted.Dataset, zh), body.ToString(), "/desk/requests/" + Uri.EscapeDataString(id), caller, said is { Good: false } ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
    }

    public static async Task HappenAsync(HttpContext http, Hub hub, Caller caller)
    {
        var zh = PageWriter.LanguageOf(http) == "zh";
        if (!http.Request.HasFormContentType || http.Request.ContentLength is null or > LongestForm || !Session.IsFromHere(http))
        {
            await ShowAsync(http, hub, caller, (zh ? "请从本页提交。" : "Send the form of this page.", false));
            return;
        }

        var (id, form) = (http.Request.RouteValues["id"] as string ?? "", await http.Request.ReadFormAsync(http.RequestAborted));
        if (RequestMachine.ByPath(form["event"].ToString()) is not { } words)
        {
            await ShowAsync(http, hub, caller, (zh ? "没有这个操作。" : "There is no such step.", false));
            return;
        }

        if (!Details.Read(Said(words.Event, form)).TryGet(out var details, out var problem) || !(await hub.Sharing.Requests.HappenAsync(id, words.Event, caller, details)).TryGet(out _, out problem))
        {
            await ShowAsync(http, hub, caller, ($"{problem.Detail} {problem.Hint}", false));
            return;
        }

        // The browser's "again" must not send the step again.
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = $"/desk/requests/{Uri.EscapeDataString(id)}";
    }

    private static void Wanted(StringBuilder body, Hub hub, ShareRequest request, bool zh)
    {
        var (wanted, now) = (request.Wanted, hub.Time.GetUtcNow());
        var fields = Titles(hub, request, zh);
        var owner = Owners.Of(request, hub.Sharing.Requests.World.Departments);
        body.Append(CultureInfo.InvariantCulture, $"""
            <p class="lead">{E(Department(hub, request.Applicant, zh))} → {E(Department(hub, request.Provider, zh))} · <strong>{E(In(RequestMachine.Of(request.State).Name, zh))}</strong>{Due(hub, request, now, zh)}</p>
            <p>{(zh ? "现在由谁处理：" : "Who has it now: ")}{E(Department(hub, owner.Department, zh))}{(zh ? "，" : ", ")}{E(owner.Person)}</p>
            <section aria-labelledby="wanted"><h2 id="wanted">{(zh ? "申请内容" : "What is asked for")}</h2>
            <dl class="facts">
            <dt>{(zh ? "字段" : "Fields")}</dt><dd>{E(string.Join(zh ? "、" : ", ", wanted.Fields.Select(f => fields?.GetValueOrDefault(f) ?? f)))}</dd>
            <dt>{(zh ? "用途" : "Purpose")}</dt><dd>{E(hub.Sharing.Purposes.Tree.Find(wanted.Purpose)?.Name is { } purpose ? In(purpose, zh) : wanted.Purpose)}</dd>
            <dt>{(zh ? "使用依据" : "Legal basis")}</dt><dd>{E(wanted.Basis)}</dd>
            <dt>{(zh ? "使用场景" : "Scene")}</dt><dd>{E(wanted.Scene)}</dd>
            <dt>{(zh ? "使用范围" : "Scope")}</dt><dd>{E(wanted.Scope)}</dd>
            <dt>{(zh ? "必要性" : "Why it is needed")}</dt><dd>{E(wanted.Necessity)}</dd>
            <dt>{(zh ? "共享方式" : "Way of delivery")}</dt><dd>{E(zh ? Saying.Zh(wanted.Modes) : Refusals.Name(wanted.Modes))}</dd>
            <dt>{(zh ? "使用时限" : "Until")}</dt><dd>{Day(hub, wanted.Until)}</dd>
            </dl></section>

            """);
        if (request.Missing is { Length: > 0 } missing)
        {
            body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"missing\"><h2 id=\"missing\">{(zh ? "一次性告知的补正材料" : "What was missing, said once")}</h2><ul>");
            foreach (var one in missing)
                body.Append(CultureInfo.InvariantCulture, $"<li>{E(one)}</li>");
            body.Append("</ul></section>\n");
        }
    }

    private static Dictionary<string, string>? Titles(Hub hub, ShareRequest request, bool zh) => hub.Sharing.Catalogue.Find(request.Wanted.Dataset)?.Fields.ToDictionary(f => f.Name, f => In(f.Title, zh), StringComparer.Ordinal);

    private static void Next(StringBuilder body, Hub hub, ShareRequest request, Caller caller, bool zh)
    {
        var possible = RequestMachine.PossibleIn(request.State).Where(e => RequestMachine.Of(e).Path.Length > 0 && RequestRules.MayCall(request, e, caller)).ToList();
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"next\"><h2 id=\"next\">{(zh ? "您现在可以" : "What you can do now")}</h2>\n");
        if (possible.Count == 0)
            body.Append(CultureInfo.InvariantCulture, $"<p>{(zh ? "没有；等对方处理。" : "Nothing; it is for somebody else to go on.")}</p>\n");
        foreach (var happened in possible)
        {
            var words = RequestMachine.Of(happened);
            body.Append(CultureInfo.InvariantCulture, $"<details><summary>{E(In(words.Name, zh))} <span class=\"summary\">{E(In(words.Rule, zh))}</span></summary>\n<form method=\"post\" action=\"/desk/requests/{Uri.EscapeDataString(request.Id)}\"><input type=\"hidden\" name=\"event\" value=\"{E(words.Path)}\">\n");
            foreach (var input in InputsOf(happened))
                Field(body, $"{words.Path}-{input.Name}", input, zh);
            if (happened == RequestEvent.Grant)
                Masks(body, hub, request, zh);
            body.Append(CultureInfo.InvariantCulture, $"<button>{E(In(words.Name, zh))}</button></form></details>\n");
        }

        body.Append("</section>\n");
    }

    private static void Field(StringBuilder body, string id, Input input, bool zh)
    {
        var (label, required) = (E(In(input.Label, zh)), input.Required ? " required" : "");
        body.Append(input.Kind switch
        {
            Kind.Box => $"<label><input type=\"checkbox\" name=\"{input.Name}\" value=\"true\"> {label}</label>\n",
            Kind.Number => $"<label for=\"{id}\">{label}</label><input id=\"{id}\" name=\"{input.Name}\" type=\"number\" min=\"1\" max=\"100000\" inputmode=\"numeric\"{required}>\n",
            Kind.Line => $"<label for=\"{id}\">{label}</label><input id=\"{id}\" name=\"{input.Name}\" maxlength=\"300\"{required}>\n",
            Kind.Text or Kind.Lines or _ => $"<label for=\"{id}\">{label}</label><textarea id=\"{id}\" name=\"{input.Name}\" maxlength=\"4000\"{required}></textarea>\n",
        });
    }

    private static void Masks(StringBuilder body, Hub hub, ShareRequest request, bool zh)
    {
        var titles = Titles(hub, request, zh);
        body.Append(CultureInfo.InvariantCulture, $"<fieldset><legend>{(zh ? "字段怎样给出" : "How each field leaves")}</legend>\n");
        foreach (var field in request.Wanted.Fields)
        {
            body.Append(CultureInfo.InvariantCulture, $"<label for=\"mask-{E(field)}\">{E(titles?.GetValueOrDefault(field) ?? field)}</label><select id=\"mask-{E(field)}\" name=\"mask:{E(field)}\">");
            foreach (var (kind, name) in MaskNames)
                body.Append(CultureInfo.InvariantCulture, $"<option value=\"{Refusals.Name(kind)}\">{In(name, zh)}</option>");
            body.Append("</select>\n");
        }

        body.Append("</fieldset>\n");
    }

    private static readonly (MaskKind Kind, Words Name)[] MaskNames =
    [
        (MaskKind.Raw, new("原样", "as it is")), (MaskKind.Partial, new("只留首尾", "only its ends")), (MaskKind.Coarse, new("概化", "coarser")), (MaskKind.Pseudonym, new("化名", "a pseudonym")),
        (MaskKind.Presence, new("只说有无", "whether there is one")), (MaskKind.Hidden, new("不给", "not at all")),
    ];

    private static void History(StringBuilder body, Hub hub, ShareRequest request, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"history\"><h2 id=\"history\">{(zh ? "经过" : "What happened")}</h2>\n<ol class=\"steps\">");
        foreach (var step in request.History)
        {
            var name = RequestMachine.ByFact(step.Fact)?.Name is { } words ? In(words, zh) : In(RequestMachine.Of(step.To).Name, zh);
            body.Append(CultureInfo.InvariantCulture, $"<li><time datetime=\"{step.At.UtcDateTime:O}\">{Minute(hub, step.At)}</time> <strong>{E(name)}</strong> {E(Department(hub, step.Department, zh))} {E(step.By)}{E(Told(step))}</li>\n");
        }

        body.Append("</ol></section>\n");
    }

    private static readonly string[] ToldMembers = ["reason", "text", "basis", "wayForward", "method"];

    /// <summary>The reasons that were given, as they were given.</summary>
    private static string Told(Step step)
    {
        using var details = JsonDocument.Parse(step.Details);
        if (!details.RootElement.TryGetProperty("said"u8, out var said))
            return "";
        var told = ToldMembers.Select(name => GrantJson.Optional(said, name)).OfType<string>().Where(t => t.Length > 0);
        return string.Join(" · ", told) is { Length: > 0 } text ? ": " + text : "";
    }

    /// <summary>The form as the machine takes what is said beside an event.</summary>
    private static byte[] Said(RequestEvent happened, IFormCollection form) => Json.Bytes(json =>
    {
        json.WriteStartObject();
        if (happened is RequestEvent.Grant or RequestEvent.ChangeService)
            Obligations(json, form);
        else if (happened == RequestEvent.ProveDisposal)
            Proof(json, form);
        else
            foreach (var input in InputsOf(happened))
                Put(json, input, form[input.Name].ToString().Trim());
        json.WriteEndObject();
    });

    private static void Put(Utf8JsonWriter json, Input input, string text)
    {
        if (input.Kind == Kind.Lines)
            GrantJson.Texts(json, Encoding.UTF8.GetBytes(input.Name), text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        else
            json.WriteString(input.Name, text);
    }

    private static void Proof(Utf8JsonWriter json, IFormCollection form)
    {
        json.WriteString("method", form["method"].ToString().Trim());
        json.WriteStartArray("documents");
        json.WriteStartObject();
        json.WriteString("name", form["document"].ToString().Trim());
        json.WriteString("sha256", form["sha256"].ToString().Trim());
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Obligations(Utf8JsonWriter json, IFormCollection form)
    {
        json.WriteStartObject("obligations");
        if (int.TryParse(form["destroyWithin"], NumberStyles.None, CultureInfo.InvariantCulture, out var days))
            json.WriteString("destroyWithin", string.Create(CultureInfo.InvariantCulture, $"P{days}D"));
        if (int.TryParse(form["smallestGroup"], NumberStyles.None, CultureInfo.InvariantCulture, out var group))
            json.WriteNumber("smallestGroup", group);
        if (form["tellSubject"] == "true")
            json.WriteBoolean("tellSubject", true);
        var masks = form.Where(f => f.Key.StartsWith("mask:", StringComparison.Ordinal) && f.Value != "raw").ToList();
        if (masks.Count > 0)
        {
            json.WriteStartObject("masks");
            foreach (var (name, mask) in masks)
                json.WriteString(name["mask:".Length..], mask.ToString());
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
