using System.Text.Json;
using System.Text.Json.Serialization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Devices;

/// <summary>A thing in the city that senses or acts, as people describe it.</summary>
public sealed record Device
{
    /// <summary>Also its MQTT user name (<c>id@tenant</c> in a tenant other than the default).</summary>
    public required string Id { get; init; }

    /// <summary>What it is, e.g. <c>air-station</c>: a word of the city's own.</summary>
    public required string Kind { get; init; }

    public string? Name { get; init; }

    /// <summary>The mapping that reads what it sends; null: it sends no readings.</summary>
    public string? Mapping { get; init; }

    /// <summary>URI of the thing it observes, with <c>{device}</c> for its id; the mapping's when not given.</summary>
    public string? Entity { get; init; }

    /// <summary>How often it should speak, ISO 8601; null: whenever it likes, so that it is never late and never silent.</summary>
    public string? Period { get; init; }

    public TopicRules Topics { get; init => field = value ?? TopicRules.Default; } = TopicRules.Default; // absent arrives as null: the generated reader sets every init member

    /// <summary>Where it stands, when it does not say so itself.</summary>
    public DeviceLocation? Location { get; init; }

    /// <summary>The grid cell it belongs to.</summary>
    public string? Cell { get; init; }

    /// <summary><c>secret</c> (the hub issues one) or <c>token</c> (a hub token is its password).</summary>
    public string Auth { get; init => field = value ?? "secret"; } = "secret";

    internal TimeSpan? ExpectedPeriod => Period is { } text && IsoDuration.TryParse(text, out var period) ? period : null;

    internal static Result<Device> Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, DeviceJson.Default.Device) is { } device ? device.Checked() : DeviceProblems.NotADevice.Because("The device is null.");
        }
        catch (JsonException e)
        {
            return DeviceProblems.NotADevice.Because(JsonFaults.Say(e));
        }
    }

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DeviceJson.Default.Device);

    internal Result<Device> Checked()
    {
        if (!DeviceId.IsValid(Id))
            return No($"id is \"{Id}\".", DeviceId.Rule);
        if (Kind.Length is 0 or > 100)
            return No("kind is empty or longer than 100 characters.");
        if (Name is { Length: > 200 } || Cell is { Length: > 200 })
            return No("name or cell is longer than 200 characters.");
        if (Period is not null && (!IsoDuration.TryParse(Period, out var period) || period < TimeSpan.FromMilliseconds(100) || period > TimeSpan.FromDays(366)))
            return No($"period is \"{Period}\".", "An ISO 8601 duration between PT0.1S and P366D, e.g. PT1M.");
        if (Entity is not null && !EntityTemplate.Parse(Entity, null).TryGet(out _, out var problem))
            return No(problem.Detail);
        if (Entity is not null && Entity.Contains("{topic", StringComparison.Ordinal))
            return No($"entity is \"{Entity}\"; a device's own entity does not depend on the topic.");
        if (Location is { } at && !(Math.Abs(at.Longitude) <= 180 && Math.Abs(at.Latitude) <= 90))
            return No("location lies outside longitude ±180, latitude ±90.");
        if (Auth is not ("secret" or "token"))
            return No($"auth is \"{Auth}\"; it is secret or token.");
        return Topics.Check() is { } wrong ? No(wrong) : this;
    }

    private static Problem No(string detail, string? hint = null) => DeviceProblems.NotADevice.Because(detail, hint);
}

public sealed record DeviceLocation
{
    public required double Longitude { get; init; }

    public required double Latitude { get; init; }

    internal GeoPoint ToPoint() => new(Longitude, Latitude);
}

/// <summary>What a device may do on topics; what no rule allows is denied. <c>{device}</c> stands for its id.</summary>
public sealed record TopicRules
{
    private const int MostRules = 100;

    /// <summary>What a device gets when its description says nothing.</summary>
    public static readonly TopicRules Default = new() { Readings = ["devices/{device}/readings"], Subscribe = ["devices/{device}/commands/#"] };

    /// <summary>Publishing here is a reading: mapped, recorded, acknowledged when durable (and passed on to who may listen).</summary>
    public IReadOnlyList<string> Readings { get; init => field = value ?? []; } = [];

    /// <summary>Publishing here is a message to others.</summary>
    public IReadOnlyList<string> Publish { get; init => field = value ?? []; } = [];

    public IReadOnlyList<string> Subscribe { get; init => field = value ?? []; } = [];

    internal string? Check()
    {
        foreach (var (name, rules) in (ReadOnlySpan<(string, IReadOnlyList<string>)>)[("readings", Readings), ("publish", Publish), ("subscribe", Subscribe)])
        {
            if (rules.Count > MostRules)
                return $"topics.{name} has {rules.Count} rules; {MostRules} are the most.";
            for (var i = 0; i < rules.Count; i++)
                if (TopicFilter.Check(rules[i]) is { } wrong)
                    return $"topics.{name}[{i}] is \"{rules[i]}\": {wrong}.";
        }

        return null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Device))]
internal sealed partial class DeviceJson : JsonSerializerContext;
