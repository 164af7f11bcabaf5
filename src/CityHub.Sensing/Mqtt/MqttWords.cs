namespace CityHub.Sensing.Mqtt;

/// <summary>MQTT control packets (MQTT 5.0, 2.1.2).</summary>
internal enum PacketType : byte
{
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

/// <summary>The reason codes this server says or understands (MQTT 5.0, 2.4).</summary>
internal enum Reason : byte
{
    Success = 0x00,
    GrantedQoS1 = 0x01,
    DisconnectWithWill = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecific = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QoSNotSupported = 0x9B,
    SharedSubscriptionsNotSupported = 0x9E,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
}

/// <summary>Property identifiers (MQTT 5.0, 2.2.2.2).</summary>
internal static class Property
{
    public const byte PayloadFormat = 0x01;
    public const byte MessageExpiry = 0x02;
    public const byte ContentType = 0x03;
    public const byte ResponseTopic = 0x08;
    public const byte CorrelationData = 0x09;
    public const byte SubscriptionIdentifier = 0x0B;
    public const byte SessionExpiry = 0x11;
    public const byte AssignedClientIdentifier = 0x12;
    public const byte ServerKeepAlive = 0x13;
    public const byte AuthenticationMethod = 0x15;
    public const byte AuthenticationData = 0x16;
    public const byte RequestProblemInformation = 0x17;
    public const byte WillDelay = 0x18;
    public const byte RequestResponseInformation = 0x19;
    public const byte ResponseInformation = 0x1A;
    public const byte ServerReference = 0x1C;
    public const byte ReasonString = 0x1F;
    public const byte ReceiveMaximum = 0x21;
    public const byte TopicAliasMaximum = 0x22;
    public const byte TopicAlias = 0x23;
    public const byte MaximumQoS = 0x24;
    public const byte RetainAvailable = 0x25;
    public const byte UserProperty = 0x26;
    public const byte MaximumPacketSize = 0x27;
    public const byte WildcardAvailable = 0x28;
    public const byte SubscriptionIdentifiersAvailable = 0x29;
    public const byte SharedAvailable = 0x2A;
}

/// <summary>What one MQTT server bears. Beyond a limit a client is refused or held back, never somebody else.</summary>
public sealed record MqttLimits
{
    /// <summary>Bytes of one packet.</summary>
    public int Packet { get; init; } = 1 << 20;

    /// <summary>Bytes of the first packet, from whom nothing is known yet.</summary>
    public int FirstPacket { get; init; } = 64 << 10;

    /// <summary>QoS 1 publishes of one connection that wait for the disk (the Receive Maximum of its CONNACK).</summary>
    public int Unacknowledged { get; init; } = 1_000;

    /// <summary>Payload bytes of one connection that wait for the disk; then it is not read from.</summary>
    public int UnacknowledgedBytes { get; init; } = 4 << 20;

    /// <summary>Payload bytes of all connections that wait for the disk; then none is read from.</summary>
    public long AllUnacknowledgedBytes { get; init; } = 256L << 20;

    public int Connections { get; init; } = 10_000;

    /// <summary>Client identifiers of one device: connections, and sessions that outlive theirs.</summary>
    public int SessionsOfDevice { get; init; } = 8;

    public int SubscriptionsOfSession { get; init; } = 100;

    /// <summary>Messages that wait for one session; a connection that does not read them in time is closed.</summary>
    public int Waiting { get; init; } = 1_000;

    public int WaitingBytes { get; init; } = 4 << 20;

    /// <summary>From the connection to its CONNECT, and for the check behind it.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection that takes no byte for so long is cut.</summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest keep-alive; a 5.0 client that asks for more or none is told this one.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>For 3.1.1 clients that ask for no keep-alive and cannot be told of one.</summary>
    public TimeSpan IdleWithoutKeepAlive { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The longest that a session outlives its connection.</summary>
    public TimeSpan Session { get; init; } = TimeSpan.FromDays(7);

    /// <summary>An answer to a wrong password waits this long, so that guessing is slow.</summary>
    public TimeSpan RefusalDelay { get; init; } = TimeSpan.FromMilliseconds(500);
}
