using System.Text.Json;
using System.Text.Json.Serialization;

namespace CityHub.Standards.Mapping;

/// <summary>Parts of facts as bytes again, for the readers of declarations.</summary>
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class StandardsElement : JsonSerializerContext;
