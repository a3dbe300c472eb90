import type { ServiceDefinition } from "../../src/service/definition.ts";

const ARGUMENTS = ["ftpes://alice@example.org/my%20site", "--log"] as const;

/** One for each system and form, with what each has to escape. */
export const WATCH: ServiceDefinition = {
  id: "website-3f2a9c01b7de",
  description: "Mirrors /home/alice/web site to ftp://alice@example.org:21/my%20site",
  command: [
    "/opt/mi roir/miroir",
    "watch",
    "/home/alice/web site",
    ...ARGUMENTS,
    '/home/alice/100% $HOME "log" \\.txt',
    "--exclude",
    "*.psd",
    "--quiet",
  ],
  everyMs: undefined,
  user: "alice",
  home: "/home/alice",
};

export const SYNC: ServiceDefinition = {
  ...WATCH,
  description: "Mirrors /home/alice/web site to ftp://alice@example.org:21/my%20site (profile website)",
  command: ["/usr/local/bin/miroir", "sync", "--config", "/home/alice/c.toml", "--profile", "website", "--quiet"],
  everyMs: 900_000,
};

export const WINDOWS_WATCH: ServiceDefinition = {
  id: "website-3f2a9c01b7de",
  description: "Mirrors C:\\Web & Co\\ to ftp://alice@example.org:21/my%20site",
  command: [
    "C:\\Program Files\\miroir\\miroir.exe",
    "watch",
    "C:\\Web & Co\\",
    ...ARGUMENTS,
    'C:\\a "b"\\c\\\\"',
    "--restart",
  ],
  everyMs: undefined,
  user: "OFFICE\\alice",
  home: "",
};

export const SYSTEMD_WATCH_TEXT = `[Unit]
Description=Mirrors /home/alice/web site to ftp://alice@example.org:21/my%%20site

[Service]
Type=exec
ExecStart="/opt/mi roir/miroir" watch "/home/alice/web site" ftpes://alice@example.org/my%%20site --log "/home/alice/100%% $$HOME \\"log\\" \\\\.txt" --exclude "*.psd" --quiet
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN
NoNewPrivileges=yes
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=2 4 6
TimeoutStopSec=15

[Install]
WantedBy=default.target
`;

export const SYSTEMD_SYNC_TEXT = `[Unit]
Description=Mirrors /home/alice/web site to ftp://alice@example.org:21/my%%20site (profile website)

[Service]
Type=oneshot
ExecStart=/usr/local/bin/miroir sync --config /home/alice/c.toml --profile website --quiet
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN
NoNewPrivileges=yes
SuccessExitStatus=6
TimeoutStopSec=15
`;

export const SYSTEMD_TIMER_TEXT = `[Unit]
Description=Mirrors /home/alice/web site to ftp://alice@example.org:21/my%%20site (profile website)

[Timer]
OnActiveSec=5
OnUnitActiveSec=900
AccuracySec=1

[Install]
WantedBy=timers.target
`;

export const TASK_WATCH_TEXT = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Mirrors C:\\Web &amp; Co\\ to ftp://alice@example.org:21/my%20site</Description>
    <URI>\\miroir-website-3f2a9c01b7de</URI>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>OFFICE\\alice</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>OFFICE\\alice</UserId>
      <LogonType>S4U</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>C:\\Program Files\\miroir\\miroir.exe</Command>
      <Arguments>watch &quot;C:\\Web &amp; Co\\\\&quot; ftpes://alice@example.org/my%20site --log &quot;C:\\a \\&quot;b\\&quot;\\c\\\\\\\\\\&quot;&quot; --restart</Arguments>
    </Exec>
  </Actions>
</Task>
`;

export const TASK_SYNC_TRIGGER_TEXT = `  <Triggers>
    <TimeTrigger>
      <Enabled>true</Enabled>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary>
      <Repetition>
        <Interval>PT15M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </TimeTrigger>
  </Triggers>
`;

export const PLIST_WATCH_TEXT = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
  <dict>
    <key>Label</key>
    <string>local.miroir.website-3f2a9c01b7de</string>
    <key>MiroirDescription</key>
    <string>Mirrors /home/alice/web site to ftp://alice@example.org:21/my%20site</string>
    <key>ProgramArguments</key>
    <array>
      <string>/opt/mi roir/miroir</string>
      <string>watch</string>
      <string>/home/alice/web site</string>
      <string>ftpes://alice@example.org/my%20site</string>
      <string>--log</string>
      <string>/home/alice/100% $HOME &quot;log&quot; \\.txt</string>
      <string>--exclude</string>
      <string>*.psd</string>
      <string>--quiet</string>
    </array>
    <key>EnvironmentVariables</key>
    <dict>
      <key>BUN_BE_BUN</key>
      <string></string>
      <key>BUN_OPTIONS</key>
      <string></string>
    </dict>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
      <key>Crashed</key>
      <true/>
    </dict>
    <key>ThrottleInterval</key>
    <integer>60</integer>
    <key>ProcessType</key>
    <string>Standard</string>
    <key>StandardErrorPath</key>
    <string>/home/alice/Library/Logs/local.miroir.website-3f2a9c01b7de.log</string>
  </dict>
</plist>
`;
