using System.Globalization;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;
using CityHub.Core.Problems;

namespace CityHub.Context.Subscriptions;

/// <summary>Stored members → a subscription that can be matched, with everything checked that 5.2.12, 5.2.14 and 5.2.15 ask for.</summary>
internal sealed class SubscriptionCompiler(ContextStore contexts)
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);
    private const int MostSelectors = 1_000;
    private const int MostWatched = 1_000;

    private static readonly (string Name, Triggers Trigger)[] TriggerNames =
    [
        ("entityCreated", Triggers.EntityCreated), ("entityUpdated", Triggers.EntityUpdated), ("entityDeleted", Triggers.EntityDeleted),
        ("attributeCreated", Triggers.AttributeCreated), ("attributeUpdated", Triggers.AttributeUpdated), ("attributeDeleted", Triggers.AttributeDeleted),
    ];

    public async ValueTask<Result<Subscription>> CompileAsync(string tenant, SubscriptionDocument document, CancellationToken cancel)
    {
        using var json = JsonDocument.Parse(document.Members);
        var root = json.RootElement;
        var members = new MemberReader(root, "", "5.2.12");
        var jsonldContext = members.Text("jsonldContext");
        if (jsonldContext is not null && !(Names.IsUri(jsonldContext) && Uri.TryCreate(jsonldContext, UriKind.Absolute, out var contextUri) && contextUri.Scheme is "http" or "https"))
            members.Refuse($"jsonldContext is \"{jsonldContext}\"; it is the URL of a context.");
        if (members.Problem is { } problem)
            return problem;
        var context = jsonldContext is not null ? await contexts.ResolveUrlAsync(tenant, jsonldContext, cancel) : await ResolveAsync(tenant, document.Context, cancel);
        if (!context.Ok)
            return context.Problem;
        var queryContext = await ResolveAsync(tenant, document.QueryContext, cancel);
        if (!queryContext.Ok)
            return queryContext.Problem;
        var url = jsonldContext ?? document.HostedContext ?? context.Value.Url;
        return Compile(tenant, document, root, members, context.Value, url, queryContext.Value);
    }

    private async ValueTask<Result<LdContext>> ResolveAsync(string tenant, ReadOnlyMemory<byte> context, CancellationToken cancel) =>
        context.Span.SequenceEqual(LdContext.Core.Json.Span) ? LdContext.Core : await contexts.ResolveAsync(tenant, context, cancel);

    private static Result<Subscription> Compile(
        string tenant, SubscriptionDocument document, JsonElement root, MemberReader members, LdContext context, string? url, LdContext queryContext)
    {
        if (members.Text("type") != "Subscription")
            members.Refuse("The type is not Subscription.");
        if (members.Text("id") is { } id && !Names.IsUri(id))
            members.Refuse($"\"{id}\" is not a URI.", "An id is a URI, e.g. urn:ngsi-ld:Subscription:42.");
        foreach (var text in new[] { "subscriptionName", "description", "lang" })
            members.Text(text);
        foreach (var flag in new[] { "localOnly", "splitEntities" })
            members.Flag(flag);
        var watched = Watched(members);
        var selectors = Selectors(members);
        if (!members.Has("entities") && !members.Has("watchedAttributes"))
            members.Refuse("There is neither entities nor watchedAttributes.", "At least one of the two says what is subscribed to.");
        var interval = members.Number("timeInterval", double.Epsilon);
        var throttling = members.Number("throttling", 0);
        if (interval is not null && throttling is not null)
            members.Refuse("timeInterval and throttling exclude each other.");
        if (interval is not null && watched is not null)
            members.Refuse("timeInterval and watchedAttributes exclude each other.", "With timeInterval, notifications do not depend on changes.");
        var expandValues = members.Texts("expandValues")?.ToHashSet(StringComparer.Ordinal) ?? [];
        var q = Filter(members, "q", queryContext, expandValues);
        Filter(members, "csf", queryContext, expandValues);
        ScopeQuery? scope = null;
        if (members.Text("scopeQ") is { } scopeQ && !ScopeQuery.Parse(scopeQ).TryGet(out scope, out var badScope))
            members.Refuse(badScope);
        var geo = Geo(members, queryContext);
        var datasets = members.Texts("datasetId")?.ToHashSet(StringComparer.Ordinal);
        foreach (var dataset in datasets ?? [])
            if (dataset != "@none" && !Names.IsUri(dataset))
                members.Refuse($"\"{dataset}\" in datasetId is not a URI.");
        var triggers = TriggersOf(members);
        var expiresAt = members.Time("expiresAt");
        var isActive = members.Flag("isActive") ?? true;
        if (members.Object("notification") is not { } notification)
        {
            members.Refuse("There is no notification.");
            return members.Problem ?? ContextProblems.BadRequestData.Because("There is no notification.");
        }

        var parameters = new MemberReader(notification, "notification.", "5.2.14");
        var how = How(parameters, out var joins);
        var showChanges = parameters.Flag("showChanges") ?? false;
        if (showChanges && how.Format == Format.Simplified)
            parameters.Refuse("notification.showChanges cannot be shown in the simplified format.");
        if (members.Text("lang") is { } lang)
            how = how with { Lang = Parameters.Languages(lang) };
        how = how with { Datasets = datasets, GeometryProperty = context.Name("location") };
        var media = MediaType.Json;
        var endpoint = notification.TryGetProperty("endpoint"u8, out var e) && e.ValueKind == JsonValueKind.Object ? Endpoint(parameters, e, out media) : null;
        if (endpoint is null)
            parameters.Refuse("notification.endpoint is missing.");
        if ((members.Problem ?? parameters.Problem) is { } problem)
            return problem;
        if (endpoint is null)
            throw new InvalidOperationException("An endpoint without a problem.");
        return new Subscription
        {
            Tenant = tenant, Document = document, Selectors = selectors, Watched = watched, Triggers = triggers, QText = q, ExpandValues = expandValues, QueryContext = queryContext,
            Geo = geo, Scope = scope, How = how, Joins = joins, ShowChanges = showChanges, Context = context, ContextUrl = url, Media = media, Endpoint = endpoint,
            Throttling = TimeSpan.FromSeconds(throttling ?? 0), Interval = interval is { } seconds ? TimeSpan.FromSeconds(seconds) : null, ExpiresAt = expiresAt, IsActive = isActive,
            Shape = Shape(tenant, root, notification, context, media, triggers),
        };
    }

    /// <summary>Everything that the data of a notification depends on, beside the change.</summary>
    private static string Shape(string tenant, JsonElement root, JsonElement notification, LdContext context, MediaType media, Triggers triggers)
    {
        var shape = new System.Text.StringBuilder(tenant).Append('\n').Append(System.Text.Encoding.UTF8.GetString(context.Json.Span)).Append('\n').Append((int)media).Append(' ').Append((int)triggers);
        foreach (var member in notification.EnumerateObject())
            if (member.Name != "endpoint")
                shape.Append('\n').Append(member.Name).Append(member.Value.GetRawText());
        foreach (var name in new[] { "watchedAttributes", "lang", "datasetId" })
            if (root.TryGetProperty(name, out var value))
                shape.Append('\n').Append(name).Append(value.GetRawText());
        return shape.ToString();
    }

    private static HashSet<int>? Watched(MemberReader members)
    {
        if (members.Texts("watchedAttributes") is not { } names)
            return null;
        if (names.Count > MostWatched)
            members.Refuse($"watchedAttributes has more than {MostWatched} names.");
        foreach (var name in names)
            CheckName(members, name, "watchedAttributes");
        return [.. names.Select(Iris.Intern)];
    }

    private static void CheckName(MemberReader members, string name, string where)
    {
        if (!Names.IsName(System.Text.Encoding.UTF8.GetBytes(name)))
            members.Refuse($"\"{name}\" in {where} cannot be an attribute's name.");
    }

    private static List<EntityQuery> Selectors(MemberReader members)
    {
        var selectors = new List<EntityQuery>();
        if (members.Objects("entities") is not { } entities)
            return selectors;
        if (entities.Count > MostSelectors)
            members.Refuse($"entities has more than {MostSelectors} selectors.");
        foreach (var entity in entities)
        {
            var selector = new EntityQuery();
            var reader = new MemberReader(entity, "entities.", "5.2.33");
            if (reader.Text("type") is { } type)
            {
                // The words get their numbers now: entities of the type may come later.
                foreach (var word in type.Split([',', '|', ';', '(', ')'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    if (word != "*")
                        CheckName(members, word, "entities.type");
                    Iris.Intern(word);
                }

                if (TypeSelection.Parse(type, LdContext.Expanded).TryGet(out var types, out var badTypes))
                    selector = selector with { Types = types };
                else
                    reader.Refuse(badTypes);
            }
            else
                reader.Refuse("An entity selector has no type.");

            if (entity.TryGetProperty("id"u8, out var ids))
            {
                selector = selector with { Ids = ids.ValueKind == JsonValueKind.String ? [ids.GetString() ?? ""] : reader.Texts("id") };
                foreach (var id in selector.Ids ?? [])
                    if (!Names.IsUri(id))
                        reader.Refuse($"\"{id}\" in entities.id is not a URI.");
            }

            if (reader.Text("idPattern") is { } pattern)
            {
                if (Parameters.Pattern(pattern).TryGet(out var regex, out var badPattern))
                    selector = selector with { IdPattern = regex };
                else
                    reader.Refuse(badPattern);
            }

            if (reader.Problem is { } problem)
                members.Refuse(problem);
            selectors.Add(selector);
        }

        return selectors;
    }

    /// <summary>q and csf: as in a URL, percent-encoded where they need it (4.9).</summary>
    private static string? Filter(MemberReader members, string name, LdContext context, IReadOnlySet<string> expandValues)
    {
        if (members.Text(name) is not { } text)
            return null;
        if (text.Contains('%', StringComparison.Ordinal))
            text = Uri.UnescapeDataString(text);
        if (QParser.Parse(text, context, expandValues).Problem is { } problem)
            members.Refuse(problem with { Detail = $"{name}: {problem.Detail}" });
        return text;
    }

    private static GeoQuery? Geo(MemberReader members, LdContext context)
    {
        if (members.Object("geoQ") is not { } geoQ)
            return null;
        var reader = new MemberReader(geoQ, "geoQ.", "5.2.13");
        var property = reader.Text("geoproperty") ?? "location";
        context.Name(property);
        var coordinates = geoQ.TryGetProperty("coordinates"u8, out var c) ? c.ValueKind == JsonValueKind.String ? c.GetString() : c.GetRawText() : null;
        if (reader.Text("georel") is not { } georel)
            reader.Refuse("geoQ.georel is missing.");
        else if (GeoQuery.Parse(georel, reader.Text("geometry"), coordinates, property, context).TryGet(out var geo, out var bad))
            return geo;
        else
            reader.Refuse(bad);
        if (reader.Problem is { } problem)
            members.Refuse(problem);
        return null;
    }

    private static Triggers TriggersOf(MemberReader members)
    {
        if (members.Texts("notificationTrigger") is not { } names)
            return Triggers.Default;
        var triggers = Triggers.None;
        foreach (var name in names)
        {
            var found = Array.Find(TriggerNames, t => t.Name == name).Trigger;
            if (found == Triggers.None)
                members.Refuse($"There is no notificationTrigger \"{name}\".", string.Join(", ", TriggerNames.Select(t => t.Name)));
            triggers |= found;
        }

        return triggers;
    }

    private static Representation How(MemberReader parameters, out bool joins)
    {
        joins = false;
        var how = new Representation { SysAttrs = parameters.Flag("sysAttrs") ?? false };
        switch (parameters.Text("format"))
        {
            case null or "normalized":
                break;
            case "concise":
                how = how with { Format = Format.Concise };
                break;
            case "keyValues" or "simplified":
                how = how with { Format = Format.Simplified };
                break;
            case var other:
                parameters.Refuse($"There is no format \"{other}\".", "normalized, concise, simplified (keyValues)");
                break;
        }

        if (parameters.Texts("attributes") is { } attributes)
        {
            foreach (var name in attributes)
                CheckName(parameters, name, "notification.attributes");
            how = how with { Attributes = attributes.Select(Iris.Intern).ToHashSet() };
        }

        foreach (var name in new[] { "pick", "omit" })
        {
            if (parameters.Texts(name) is not { } words)
                continue;
            if (!ProjectionParser.Parse(string.Join(',', words), LdContext.Expanded).TryGet(out var projection, out var problem))
                parameters.Refuse(problem);
            how = name == "pick" ? how with { Pick = projection } : how with { Omit = projection };
        }

        if (how is { Pick: { } picked, Omit: { } omitted } && picked.Overlaps(omitted))
            parameters.Refuse("notification.pick and notification.omit name the same member.");
        if (how.Attributes is not null && (how.Pick is not null || how.Omit is not null))
            parameters.Refuse("notification.attributes excludes pick and omit.");
        var level = parameters.Number("joinLevel", 1);
        switch (parameters.Text("join"))
        {
            case null or "@none":
                if (level is not null)
                    parameters.Refuse("notification.joinLevel goes with join.");
                break;
            case "inline" or "flat":
                joins = true;
                how = how with { JoinInline = parameters.Text("join") == "inline", JoinLevel = (int)Math.Min(level ?? 1, 10) };
                break;
            case var other:
                parameters.Refuse($"notification.join is \"{other}\"; it is inline, flat or @none.");
                break;
        }

        return how;
    }

    private static NotificationEndpoint? Endpoint(MemberReader parameters, JsonElement json, out MediaType media)
    {
        var reader = new MemberReader(json, "notification.endpoint.", "5.2.15");
        media = MediaType.Json;
        switch (reader.Text("accept"))
        {
            case null or "application/json":
                break;
            case "application/ld+json":
                media = MediaType.JsonLd;
                break;
            case "application/geo+json":
                media = MediaType.GeoJson;
                break;
            case var other:
                reader.Refuse($"notification.endpoint.accept is \"{other}\".", "application/json, application/ld+json, application/geo+json");
                break;
        }

        var timeout = reader.Number("timeout", 1);
        var cooldown = reader.Number("cooldown", 0);
        var receiver = Pairs(reader, "receiverInfo");
        var notifier = Pairs(reader, "notifierInfo");
        var text = reader.Text("uri");
        Uri? uri = null;
        if (text is null)
            reader.Refuse("notification.endpoint.uri is missing.");
        else if (!Uri.TryCreate(text, UriKind.Absolute, out uri) || uri.Scheme is not ("http" or "https" or "mqtt" or "mqtts") || uri.Host.Length == 0)
            reader.Refuse($"\"{text}\" is no place that notifications can be sent to.", "http, https, mqtt, mqtts");
        else if (uri.Scheme is "mqtt" or "mqtts" && (uri.Fragment.Length > 0 || uri.AbsolutePath.Trim('/').Length == 0 || Uri.UnescapeDataString(uri.AbsolutePath).AsSpan().IndexOfAny("+#\0") >= 0))
            reader.Refuse($"\"{text}\" has no topic, or a wildcard in it.", "mqtt://host/topic");
        foreach (var (key, value) in receiver)
            if (!key.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)) || value.Any(char.IsControl))
                reader.Refuse($"receiverInfo: \"{key}\" cannot be a header with that value.");
        var (quality, old) = (0, false);
        foreach (var (key, value) in notifier)
        {
            if (key == "MQTT-QoS" && !(int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out quality) && quality <= 2))
                reader.Refuse($"MQTT-QoS is \"{value}\"; it is 0, 1 or 2.");
            if (key == "MQTT-Version" && value is not ("mqtt3.1.1" or "mqtt5.0"))
                reader.Refuse($"MQTT-Version is \"{value}\"; it is mqtt3.1.1 or mqtt5.0.");
            old |= key == "MQTT-Version" && value == "mqtt3.1.1";
        }

        if (reader.Problem is { } problem)
            parameters.Refuse(problem);
        if (uri is null || reader.Problem is not null)
            return null;
        return new NotificationEndpoint(uri, timeout is { } t ? TimeSpan.FromMilliseconds(t) : DefaultTimeout, TimeSpan.FromMilliseconds(cooldown ?? 0), receiver)
        {
            QualityOfService = quality,
            Mqtt311 = old,
        };
    }

    /// <summary>KeyValuePair (5.2.22): both are texts.</summary>
    private static List<KeyValuePair<string, string>> Pairs(MemberReader reader, string name)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in reader.Objects(name) ?? [])
        {
            if (pair.TryGetProperty("key"u8, out var key) && key.ValueKind == JsonValueKind.String && key.GetString() is { Length: > 0 } k &&
                pair.TryGetProperty("value"u8, out var value) && value.ValueKind == JsonValueKind.String)
                pairs.Add(new(k, value.GetString() ?? ""));
            else
                reader.Refuse($"{name} is a list of pairs, each with a key and a value that are texts.");
        }

        return pairs;
    }
}
