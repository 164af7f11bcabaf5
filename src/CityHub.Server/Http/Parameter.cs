namespace CityHub.Server.Http;

/// <summary>A query parameter or header of an endpoint, as the API description shows it: endpoint metadata.</summary>
/// <param name="Type">JSON Schema type.</param>
internal sealed record Parameter(string Name, string Help, string Type = "string")
{
    /// <summary>query or header.</summary>
    public string In { get; init; } = "query";

    public bool Required { get; init; }
}
