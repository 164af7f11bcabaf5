using CityHub.Server.CommandLine;

namespace CityHub.Server.Configuration;

/// <summary>The options that every verb with a configuration shares.</summary>
internal static class ConfigOptions
{
    public static readonly Option Config = new("--config", "The configuration file; cityhub.json in the current folder is read when it is there") { Value = "FILE" };
    public static readonly Option Data = new("--data", "The folder with everything that the hub knows") { Value = "DIR", Key = "data" };
    public static readonly Option Urls = new("--urls", "Where the hub listens for HTTP, separated by semicolons") { Value = "URLS", Key = "http.urls" };
    public static readonly Option Mqtt = new("--mqtt", "Where the hub listens for MQTT (127.0.0.1:1883), or off") { Value = "ADDRESS", Key = "mqtt.tcp" };
    public static readonly Option Open = new("--open", "No authentication: everybody may do everything; on loopback addresses only") { Key = "open" };
    public static readonly Option Set = new("--set", "Any other key of docs/reference/configuration.md") { Value = "KEY=VALUE", Repeats = true };

    /// <summary>For verbs that start a hub.</summary>
    public static readonly IReadOnlyList<Option> ForAHub = [Data, Urls, Mqtt, Open, Config, Set];

    /// <summary>For verbs that look into a data folder or speak to the hub that runs on it.</summary>
    public static readonly IReadOnlyList<Option> ForAFolder = [Data, Config, Set];
}
