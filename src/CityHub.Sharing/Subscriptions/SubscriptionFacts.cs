using System.Text.Json.Serialization;

namespace CityHub.Sharing.Subscriptions;

/// <summary>In which form rows are sent.</summary>
internal enum PushFormat
{
    /// <summary>One JSON object a line.</summary>
    Ndjson,

    Csv,
}

/// <summary>What the rows of a push are to the receiver.</summary>
internal enum PushChange
{
    /// <summary>All that there is: what he had before does not count any more.</summary>
    Replaced,

    /// <summary>What came behind the rows that he acknowledged.</summary>
    Appended,
}

/// <summary>A department is sent the rows of a table from now on.</summary>
/// <param name="By">The officer in whose name it is done.</param>
/// <param name="Grant">Under which it stands; none takes its place.</param>
/// <param name="Question">The condition, sealed: a value in it may be somebody's number.</param>
internal sealed record TableSubscribed(
    string Id, string Dataset, string Department, string By, string Endpoint, string Purpose, string Grant, string? Case, IReadOnlyList<string>? Fields, string Question, PushFormat Format);

/// <summary>The receiver said that he has everything.</summary>
/// <param name="Delivery">Position of the delivery that made the content.</param>
/// <param name="Through">Rows of the table that he has been sent, or that the grant does not give him.</param>
/// <param name="Receipt">Position of the opening act.</param>
internal sealed record TablePushed(
    string Id, long Delivery, DateTimeOffset AsOf, PushChange Change, int GrantVersion, int DatasetVersion, long Through, long Rows, long Bytes, string Sha256, long Receipt);

/// <summary>It could not be sent, for another reason than the time before.</summary>
/// <param name="Answer">The HTTP status that the receiver answered with; null: it was something else.</param>
internal sealed record TablePushFailed(string Id, string Code, int? Answer);

/// <summary>Its grant is over for good.</summary>
internal sealed record TableSubscriptionEnded(string Id, string Code, string Rule);

internal sealed record TableUnsubscribed(string Id, string By);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(EnumWord<PushFormat>), typeof(EnumWord<PushChange>)])]
[JsonSerializable(typeof(TableSubscribed))]
[JsonSerializable(typeof(TablePushed))]
[JsonSerializable(typeof(TablePushFailed))]
[JsonSerializable(typeof(TableSubscriptionEnded))]
[JsonSerializable(typeof(TableUnsubscribed))]
[JsonSerializable(typeof(Subscribe.Request))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
