using CityHub.Core.Problems;

namespace CityHub.Sensing.Mqtt;

/// <summary>The refusals of the MQTT server. A client sees them as reason codes; people see them among the dead letters and in the log.</summary>
public static class MqttProblems
{
    public static readonly ProblemKind TopicNotPermitted = new("topic-not-permitted", "The device may not publish to that topic", 403);
    public static readonly ProblemKind OriginNotPermitted = new("origin-not-permitted", "A page of another site may not speak to this hub", 403);
    public static readonly ProblemKind NotRecorded = new("reading-not-recorded", "The hub could not record the reading", 503);
}
