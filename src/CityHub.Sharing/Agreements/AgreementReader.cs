using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Xml;
using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;
using static CityHub.Sharing.Agreements.AgreementWords;

namespace CityHub.Sharing.Agreements;

/// <summary>
/// An ODRL Agreement as a grant. Names may be whole, with a prefix or alone; a rule may be one object or a list of one. A member, an action, an operand or an operator that is
/// not known is refused: what is not understood cannot be kept.
/// </summary>
internal static class AgreementReader
{
    private static readonly string[] Members =
        ["@context", "@type", "type", "@id", "uid", "profile", "assigner", "assignee", "target", "permission", "prohibition", "cityhub:basis", "cityhub:request", "cityhub:item", "cityhub:state", "cityhub:signedBy"];

    public static Result<Grant> Read(JsonElement json)
    {
        try
        {
            return Agreement(json);
        }
        catch (NotUnderstoodException no)
        {
            return No(no.Message);
        }
        catch (Exception wrong) when (wrong is FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return No(wrong.Message.TrimEnd('.'));
        }
    }

    private static Grant Agreement(JsonElement json)
    {
        Known(json, "an agreement", Members);
        if (Name(Member(json, "type") ?? Needed(json, "@type")) is not "Agreement" and var type)
            throw new NotUnderstoodException($"it is of type {type}, not Agreement");
        if (Optional(json, "profile") != Profile)
            throw new NotUnderstoodException($"it does not name the profile {Profile}, which says what the words of this hub mean");
        var permission = Single(Needed(json, "permission"), "permission");
        Known(permission, "a permission", ["action", "constraint", "duty", "target", "assigner", "assignee"]);
        var uid = Optional(json, "@id") ?? Text(Needed(json, "uid"));
        var (id, version) = Identity(uid);
        var grant = new Grant
        {
            Id = id,
            Version = version,
            Dataset = Part(json, permission, "target", DatasetSpace),
            Provider = Part(json, permission, "assigner", DepartmentSpace),
            Receiver = Part(json, permission, "assignee", DepartmentSpace),
            Rights = RightsOf(permission),
            Basis = Optional(json, "cityhub:basis") ?? throw new NotUnderstoodException("it cites no cityhub:basis"),
            Request = Optional(json, "cityhub:request"),
            Item = Optional(json, "cityhub:item"),
            State = Optional(json, "cityhub:state") is { } state ? Word<GrantState>(state) : GrantState.Delivering,
            SignedBy = Optional(json, "cityhub:signedBy") ?? "",
            Purpose = "",
            Modes = DeliveryModes.None,
            From = default,
            Until = default,
            Obligations = Obligations.Nothing with { Onward = !Prohibits(json) },
        };
        // Of two limits of one kind the second must not take the place of the first.
        var said = new HashSet<(string, string)>();
        foreach (var constraint in Many(permission, "constraint"))
        {
            grant = Limited(grant, constraint);
            if (Constraint(constraint) is var (left, with, _) && left != "cityhub:row" && !said.Add((left, with)))
                throw Unknown(left, with);
        }

        foreach (var duty in Many(permission, "duty"))
        {
            grant = grant with { Obligations = Bound(grant.Obligations, duty) };
            if (Name(Needed(duty, "action")) is var action and not "anonymize" && !said.Add(("duty", action)))
                throw new NotUnderstoodException($"the duty to {action} stands twice");
        }

        return grant.Purpose.Length == 0 ? throw new NotUnderstoodException("it names no purpose")
            : grant.From == default || grant.Until == default ? throw new NotUnderstoodException("it has no term: dateTime gteq and dateTime lt")
            : grant.Modes == DeliveryModes.None ? throw new NotUnderstoodException("it has no cityhub:mode")
            : grant;
    }

    /// <summary>Nothing else may be prohibited: no other prohibition has an effect here.</summary>
    private static bool Prohibits(JsonElement json)
    {
        var prohibits = false;
        foreach (var prohibition in Many(json, "prohibition"))
        {
            Known(prohibition, "a prohibition", ["action", "target", "assigner", "assignee"]);
            if (Name(Needed(prohibition, "action")) is not "distribute" and var action)
                throw new NotUnderstoodException($"it prohibits {action}; only distribute can be prohibited, all else is by not permitting it");
            prohibits = true;
        }

        return prohibits;
    }

    private static Grant Limited(Grant grant, JsonElement constraint)
    {
        var (left, with, right) = Constraint(constraint);
        if (left != "cityhub:row" && Member(constraint, "cityhub:of") is not null)
            throw new NotUnderstoodException($"the constraint {left} is of no field");
        var bound = grant.Obligations;
        return (left, with) switch
        {
            ("purpose", "isA") when grant.Purpose.Length == 0 => grant with { Purpose = IdIn(PurposeSpace, Text(right)) ?? throw new NotUnderstoodException($"{Text(right)} is no purpose of this hub") },
            ("dateTime", "gteq") when grant.From == default => grant with { From = Instant(right) },
            ("dateTime", "lt") when grant.Until == default => grant with { Until = Instant(right) },
            ("cityhub:mode", "isAnyOf") when grant.Modes == DeliveryModes.None => grant with { Modes = Texts(right).Aggregate(DeliveryModes.None, (modes, word) => modes | Word<DeliveryModes>(word)) },
            ("cityhub:field", "isAnyOf") when bound.Fields is null => With(bound with { Fields = [.. Texts(right)] }),
            ("cityhub:row", _) => With(bound with { Rows = bound.Rows.Add(new RowRule(Of(constraint), Tests.FirstOrDefault(t => t.Operator == with) is { Operator: not null } known ? known.Test : throw Unknown(left, with), [.. Texts(right)])) }),
            ("cityhub:grainOfTime", "gteq") => With(bound with { Grain = bound.Grain with { Time = Word<TimeGrain>(Text(right)) } }),
            ("cityhub:grainOfSpace", "gteq") => With(bound with { Grain = bound.Grain with { Space = Word<SpaceGrain>(Text(right)) } }),
            ("cityhub:grainOfEntity", "gteq") => With(bound with { Grain = bound.Grain with { Entity = Word<EntityGrain>(Text(right)) } }),
            ("cityhub:minimumGroupSize", "gteq") => With(bound with { SmallestGroup = int.Parse(Text(right), NumberStyles.None, CultureInfo.InvariantCulture) }),
            ("cityhub:epsilon", "lteq") => With(bound with { Epsilon = double.Parse(Text(right), NumberStyles.Float, CultureInfo.InvariantCulture) is > 0 and var epsilon ? epsilon : throw new NotUnderstoodException("ε is no positive number") }),
            ("cityhub:rowsPerDay", "lteq") => With(bound with { Quota = bound.Quota with { RowsPerDay = Count(right) } }),
            ("cityhub:requestsPerDay", "lteq") => With(bound with { Quota = bound.Quota with { RequestsPerDay = Count(right) } }),
            ("cityhub:bytesPerDay", "lteq") => With(bound with { Quota = bound.Quota with { BytesPerDay = Count(right) } }),
            ("cityhub:canaries", "eq") => With(bound with { Canaries = int.Parse(Text(right), NumberStyles.None, CultureInfo.InvariantCulture) }),
            ("cityhub:watermark", "eq") when Text(right) == "receiver" => With(bound with { Watermark = true }),
            ("cityhub:expires", "lt") => With(bound with { Expires = Instant(right) }),
            _ => throw Unknown(left, with),
        };

        Grant With(Obligations obligations) => grant with { Obligations = obligations };
    }

    private static Obligations Bound(Obligations bound, JsonElement duty)
    {
        Known(duty, "a duty", ["action", "constraint"]);
        var action = Name(Needed(duty, "action"));
        var constraint = Single(Needed(duty, "constraint"), $"constraint of the duty to {action}");
        var (left, with, right) = Constraint(constraint);
        return (action, left, with) switch
        {
            ("anonymize", "cityhub:mask", "eq") => bound with { Masks = bound.Masks.Add(Of(constraint), Word<MaskKind>(Text(right))) },
            ("delete", "delayPeriod", "lteq") when XmlConvert.ToTimeSpan(Text(right)) is { Ticks: >= 0 } within => bound with { DestroyWithin = within },
            ("inform", "recipient", "eq") when Text(right) == Own + "subject" => bound with { TellSubject = true },
            _ => throw new NotUnderstoodException($"the duty to {action} with {left} {with} cannot be kept here"),
        };
    }

    private static (string Left, string With, JsonElement Right) Constraint(JsonElement constraint)
    {
        Known(constraint, "a constraint", ["leftOperand", "operator", "rightOperand", "cityhub:of"]);
        return (Name(Needed(constraint, "leftOperand")), Name(Needed(constraint, "operator")), Needed(constraint, "rightOperand"));
    }

    private static Rights RightsOf(JsonElement permission)
    {
        var rights = Rights.None;
        foreach (var action in Many(permission, "action"))
            rights |= Actions.FirstOrDefault(a => a.Action == Name(action)) is { Action: not null } known ? known.Right : throw new NotUnderstoodException($"{Name(action)} is no right that is granted here");
        return rights;
    }

    /// <summary>Our own names have a version; anybody else's name is an id as it is.</summary>
    private static (string Id, int Version) Identity(string uid) =>
        uid.StartsWith(GrantSpace, StringComparison.Ordinal) && uid.LastIndexOf(':') is var colon && int.TryParse(uid.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (IdIn(GrantSpace, uid[..colon]) ?? uid, version)
            : (uid, 1);

    private static string Part(JsonElement json, JsonElement permission, string name, string space)
    {
        List<string> said = [.. Many(json, "prohibition").Prepend(permission).Prepend(json).Select(part => Optional(part, name)).OfType<string>().Distinct(StringComparer.Ordinal)];
        var value = said.Count switch
        {
            0 => throw new NotUnderstoodException($"there is no {name}"),
            1 => said[0],
            _ => throw new NotUnderstoodException($"it and its rules name more than one {name}: {string.Join(", ", said)}"),
        };
        return IdIn(space, value) ?? throw new NotUnderstoodException($"the {name} {value} is none of this hub: its name would begin with {space}");
    }

    private static void Known(JsonElement json, string what, string[] members)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new NotUnderstoodException($"{what} is an object");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            if (!members.Contains(Short(member.Name)))
                throw new NotUnderstoodException($"{what} has a member {member.Name}");
            if (!seen.Add(Short(member.Name)))
                throw new NotUnderstoodException($"{what} has {member.Name} twice");
        }
    }

    private static JsonElement Single(JsonElement json, string what) =>
        json.ValueKind == JsonValueKind.Object ? json
        : json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 1 ? json[0]
        : throw new NotUnderstoodException($"there has to be one {what}; several are several grants");

    private static List<JsonElement> Many(JsonElement json, string name) =>
        Member(json, name) is not { } value ? [] : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];

    private static JsonElement? Member(JsonElement json, string name)
    {
        foreach (var member in json.EnumerateObject())
            if (Short(member.Name) == name)
                return member.Value;
        return null;
    }

    private static JsonElement Needed(JsonElement json, string name) => Member(json, name) ?? throw new NotUnderstoodException($"there is no {name}");

    private static string Name(JsonElement json) => Short(Text(json));

    /// <summary>A text, a number, <c>{"@id": …}</c> or <c>{"@value": …}</c>.</summary>
    private static string Text(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString() ?? "",
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.Object when json.TryGetProperty("@id", out var id) => Text(id),
        JsonValueKind.Object when json.TryGetProperty("@value", out var value) => Text(value),
        _ => throw new NotUnderstoodException($"{json.GetRawText()} is no name and no value"),
    };

    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().Select(Text) : [Text(json)];

    private static string Of(JsonElement constraint) =>
        Optional(constraint, "cityhub:of") ?? throw new NotUnderstoodException("a constraint on rows or masks names its field with cityhub:of");

    private static string? Optional(JsonElement json, string name) => Member(json, name) is { } value ? Text(value) : null;

    private static DateTimeOffset Instant(JsonElement json) => XmlConvert.ToDateTimeOffset(Text(json)).ToUniversalTime();

    private static long Count(JsonElement json) => long.Parse(Text(json), NumberStyles.None, CultureInfo.InvariantCulture);

    private static T Word<T>(string word)
        where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var value) && GrantJson.Word(value) == word ? value : throw new NotUnderstoodException($"{word} is no {typeof(T).Name}");

    private static NotUnderstoodException Unknown(string left, string with) => new($"the constraint {left} {with} is not known here, or stands twice");

    private sealed class NotUnderstoodException(string why) : Exception(why);
}
