using System.Text.Json;
using CityHub.Sensing.Http;

namespace CityHub.Sensing.Devices;

/// <summary>A device as the routes show it: its description, and how it is right now with the age of that.</summary>
internal static class DeviceWriter
{
    public static string Name(Liveness liveness) => liveness switch
    {
        Liveness.NeverSeen => "never-seen",
        Liveness.Live => "live",
        Liveness.Late => "late",
        Liveness.Silent => "silent",
        _ => throw new InvalidOperationException($"No such liveness: {liveness}"),
    };

    public static bool TryParse(string text, out Liveness liveness)
    {
        foreach (var value in (ReadOnlySpan<Liveness>)[Liveness.NeverSeen, Liveness.Live, Liveness.Late, Liveness.Silent])
        {
            liveness = value;
            if (Name(value) == text)
                return true;
        }

        liveness = default;
        return false;
    }

    public static void Write(Utf8JsonWriter json, DeviceState state, long now, string? secret = null)
    {
        json.WriteStartObject();
        json.WritePropertyName("device"u8);
        json.WriteRawValue(state.Device.ToJson());
        json.WriteString("registeredAt"u8, SensingHttp.Time(state.RegisteredAt.UtcTicks));
        json.WriteString("state"u8, Name(state.LivenessAt(now)));
        var seen = state.LastSeen;
        if (seen != 0)
        {
            json.WriteString("lastSeen"u8, SensingHttp.Time(seen));
            json.WriteNumber("ageSeconds"u8, Math.Round((decimal)Math.Max(0, now - seen) / TimeSpan.TicksPerSecond, 3));
        }

        if (state.IsSilent)
            json.WriteString("silentSince"u8, SensingHttp.Time(state.SilentSince));
        if (secret is not null)
            json.WriteString("secret"u8, secret);
        json.WriteEndObject();
    }
}
